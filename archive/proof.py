"""The proof package of a letter: whoever gets it can check it without us, our software or our database.

index.html           the same for people            verify.py   the stand-alone verifier, standard library
only manifest.json        sha256 of every file           key.hex     the public key (compare it with the
published one) objects/1-document/  inventory.json, files/...      objects/2-source/ ...
journal/000042.json  the letter's own entries from one signed block, each with its audit path to the signed root
"""

from __future__ import annotations

import html
import json
import shutil
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.journal import JournalFiles
from archive.merkle import path_of, root_of
from archive.store import Store
from core.clock import now, stamp
from core.durable import make_folders
from core.errors import IntegrityError
from core.hashing import sha256_bytes, sha256_file
from core.i18n import text

RECEIVED = "source.receive"
_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Proof:
    """What was packed. ``bound``: every object's digest stands in a signed entry.

    ``entries``: signed ones in full, ``closed``: signed ones as a hash alone, ``unproved``: not yet signed ones.
    """

    path: Path
    files: int
    entries: int
    closed: int
    unproved: int
    bound: bool


def export_proof(
    store: Store,
    journal: JournalFiles,
    objects: Iterable[tuple[str, str]],
    target: Path,
    *,
    title: str,
    facts: Mapping[str, str] | None = None,
    receipts: Iterable[str] = (),
    closed: Callable[[Mapping[str, Any]], bool] = lambda _entry: False,
    as_zip: bool = False,
    language: str | None = None,
) -> Proof:
    """Write the package of ``objects`` (kind and id; the document first) into the new folder ``target``.

    ``facts``: what the page for people says above the files (label to value). ``receipts``: Sources that are not
    packed, but whose receipt is. ``closed``: which entries are given as their hash alone. With ``as_zip`` the folder is
    packed into ``target.zip`` and removed.
    Raises: NotFound, IntegrityError (``journal_block``: signed entries were changed), FileExistsError, OSError.
    """
    make_folders(target.parent)
    target.mkdir()
    chosen = list(objects)
    digests = {}
    for number, (kind, object_id) in enumerate(chosen, 1):
        folder = target / "objects" / f"{number}-{kind}"
        digests[f"{kind}:{object_id}"] = store.digest(kind, object_id)
        _copy_object(store, kind, object_id, folder)
    packed_sources = {id: digests[f"{kind}:{id}"] for kind, id in chosen if kind == "source"}
    wanted = _Wanted(
        documents=frozenset(id for kind, id in chosen if kind == "document"),
        sources={**dict.fromkeys(receipts), **packed_sources},
        closed=closed,
    )
    packed = _write_journal(journal, wanted, set(digests.values()), target)
    (target / "key.hex").write_text(journal.public_key_hex() + "\n")
    page = _page(title, facts or {}, target, digests, packed, language=language)
    (target / "index.html").write_text(page, "utf-8")
    files = sorted(path for path in target.rglob("*") if path.is_file())
    manifest = {
        "made_at": stamp(now()),
        "objects": digests,
        "files": {path.relative_to(target).as_posix(): sha256_file(path) for path in files},
    }
    (target / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=1), "utf-8")
    shutil.copyfile(_DATA / "verify.py", target / "verify.py")
    if as_zip:
        target = _zip(target)
    return Proof(target, len(files) + 2, packed.entries, packed.closed, packed.unproved, not packed.open)


def _copy_object(store: Store, kind: str, object_id: str, folder: Path) -> None:
    (folder / "files").mkdir(parents=True)
    shutil.copyfile(store.object_path(kind, object_id) / "inventory.json", folder / "inventory.json")
    for name in store.names(kind, object_id):
        copy = folder / "files" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(store.file(kind, object_id, name), copy)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which entries a package holds, and which of them as a hash alone."""

    documents: frozenset[str]
    sources: Mapping[str, str | None]  # to the digest of their object, None: only what was received is proved
    closed: Callable[[Mapping[str, Any]], bool]

    def entry(self, entry: Mapping[str, Any]) -> bool:
        if entry["kind"] == "document":
            return entry["object_id"] in self.documents
        if entry["kind"] != "source" or entry["object_id"] not in self.sources:
            return False
        digest = self.sources[entry["object_id"]]
        return entry["action"] == RECEIVED or (digest is not None and digest in json.dumps(entry["data"]))


def _write_journal(journal: JournalFiles, wanted: _Wanted, digests: set[str], target: Path) -> _Packed:
    """Write the wanted entries, a file for each signed block in which one stands, each with its path to the root."""
    folder = target / "journal"
    folder.mkdir()
    packed = _Packed(open=set(digests))
    blocks = iter(journal.blocks())
    block = next(blocks, None)
    hashes: list[str] = []
    own: list[dict[str, Any]] = []
    for entry in journal.entries():
        del entry["values"]  # personal values stay at home; their hashes are chained
        hashes.append(entry["hash"])
        if wanted.entry(entry):
            own.append(entry)
        if block is not None and entry["seq"] >= block["last"]:
            if own:
                packed.add(folder, own, wanted, _rooted(journal, block, hashes), hashes)
            hashes, own, block = [], [], next(blocks, None)
    own = [entry for entry in own if not wanted.closed(entry)]  # a hash that nothing proves says nothing
    if own:
        packed.add(folder, own, wanted, None, hashes)
    return packed


def _rooted(journal: JournalFiles, block: Mapping[str, Any], hashes: list[str]) -> dict[str, Any]:
    """A block with a root; one of before is confirmed now. Raises: IntegrityError (``journal_block``)."""
    if block.get("root") is None:
        return journal.confirm(block, hashes)
    if block["root"] != root_of(hashes):
        raise IntegrityError("journal_block", first=block["first"], last=block["last"])
    return dict(block)


@dataclass(slots=True)
class _Packed:
    """What came into the package of the journal. ``open``: digests that no signed entry in it names yet."""

    open: set[str]
    entries: int = 0
    closed: int = 0
    unproved: int = 0
    later: int = 0  # blocks whose root was signed for this package

    def add(
        self,
        folder: Path,
        own: list[dict[str, Any]],
        wanted: _Wanted,
        block: dict[str, Any] | None,
        hashes: list[str],
    ) -> None:
        lines: list[dict[str, Any]] = []
        for entry in own:
            seq = entry["seq"]
            line = {"seq": seq, "path": path_of(hashes, seq - block["first"]) if block is not None else None}
            if wanted.closed(entry):
                self.closed += 1
                lines.append({**line, "hash": entry["hash"]})
                continue
            lines.append({**line, "entry": entry})
            if block is None:
                self.unproved += 1
            else:
                self.entries += 1
                self.open -= {digest for digest in self.open if digest in json.dumps(entry["data"])}
        self.later += block is not None and "confirms" in block
        content = json.dumps({"block": block, "entries": lines}, ensure_ascii=False, indent=1)
        (folder / f"{own[0]['seq']:09}.json").write_text(content, "utf-8")


def _zip(folder: Path) -> Path:
    target = folder.with_name(folder.name + ".zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                packed.write(path, f"{folder.name}/{path.relative_to(folder).as_posix()}")
    shutil.rmtree(folder)
    return target


def _page(
    title: str,
    facts: Mapping[str, str],
    folder: Path,
    digests: Mapping[str, str],
    packed: _Packed,
    *,
    language: str | None,
) -> str:
    """The package for people."""

    def say(key: str, **details: object) -> str:
        return html.escape(text(f"proof.{key}", language, **details))

    def rows(pairs: Iterable[tuple[str, str]]) -> str:
        return "".join(
            f"<tr><th scope=row>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>" for name, value in pairs
        )

    paths = sorted(path for path in folder.glob("objects/*/files/**/*") if path.is_file())
    links = "".join(
        f'<tr><td><a href="{html.escape(path.relative_to(folder).as_posix(), quote=True)}">'
        f"{html.escape(path.name)}</a></td><td>{path.stat().st_size}</td>"
        f"<td><code>{sha256_file(path)}</code></td></tr>"
        for path in paths
    )
    counts = {name: getattr(packed, name) for name in ("entries", "closed", "unproved")}
    state = say("open" if packed.open else "bound", **counts)
    if packed.later:
        state += " " + say("later")
    key = bytes.fromhex((folder / "key.hex").read_text().strip())
    return (
        f'<!doctype html><html lang="{language or "de"}"><meta charset=utf-8>'
        f"<title>{html.escape(title)}</title>"
        "<style>body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
        "table{border-collapse:collapse;width:100%}td,th{border:1px solid #999;padding:.3em;text-align:left;"
        "vertical-align:top}code{overflow-wrap:anywhere;font-size:.85em}</style>"
        f"<h1>{html.escape(title)}</h1><p>{say('intro')}</p><table>{rows(facts.items())}</table>"
        f"<h2>{say('files')}</h2><table><tr><th>{say('file')}</th><th>{say('bytes')}</th><th>SHA-256</th></tr>{links}"
        f"</table><h2>{say('objects')}</h2><table>{rows(digests.items())}</table>"
        f"<h2>{say('journal')}</h2><p>{state}</p>"
        f"<p>{say('key')} <code>{sha256_bytes(key)}</code></p><h2>{say('check')}</h2><p>{say('how')} "
        "<code>python3 verify.py</code></p></html>\n"
    )
