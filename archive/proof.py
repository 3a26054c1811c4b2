"""The proof package of a letter: whoever gets it can check it without us, our software or our database.

index.html           the same for people            verify.py   the stand-alone verifier, standard library
only manifest.json        sha256 of every file           key.hex     the public key (compare it with the
published one) objects/1-document/  inventory.json, files/...      objects/2-source/ ...
journal/000042.json  the entries from one signed block, with its signature: the hash path
"""

from __future__ import annotations

import html
import json
import shutil
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.journal import JournalFiles
from archive.store import Store
from core.clock import now, stamp
from core.durable import make_folders
from core.hashing import sha256_bytes, sha256_file
from core.i18n import text

_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Proof:
    """What was packed. ``bound``: every object's digest stands in a signed entry."""

    path: Path
    files: int
    entries: int
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
    as_zip: bool = False,
    language: str | None = None,
) -> Proof:
    """Write the package of ``objects`` (kind and id; the document first) into the new folder ``target``.

    ``facts``: what the page for people says above the files (label to value). With ``as_zip`` the folder
    is packed into ``target.zip`` and removed. Raises: NotFound, IntegrityError, FileExistsError, OSError.
    """
    make_folders(target.parent)
    target.mkdir()
    chosen = list(objects)
    digests = {}
    for number, (kind, object_id) in enumerate(chosen, 1):
        folder = target / "objects" / f"{number}-{kind}"
        digests[f"{kind}:{object_id}"] = store.digest(kind, object_id)
        _copy_object(store, kind, object_id, folder)
    entries, unproved, bound = _write_journal(journal, {one[1] for one in chosen}, set(digests.values()), target)
    (target / "key.hex").write_text(journal.public_key_hex() + "\n")
    page = _page(title, facts or {}, target, digests, (entries, unproved, bound), language=language)
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
    return Proof(target, len(files) + 2, entries, unproved, bound)


def _copy_object(store: Store, kind: str, object_id: str, folder: Path) -> None:
    (folder / "files").mkdir(parents=True)
    shutil.copyfile(store.object_path(kind, object_id) / "inventory.json", folder / "inventory.json")
    for name in store.names(kind, object_id):
        copy = folder / "files" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(store.file(kind, object_id, name), copy)


def _write_journal(journal: JournalFiles, ids: set[str], digests: set[str], target: Path) -> tuple[int, int, bool]:
    """Write the blocks in which an entry is about these objects. Returns: entries, unsigned ones, all
    bound?
    """
    folder = target / "journal"
    folder.mkdir()
    blocks = iter(journal.blocks())
    block = next(blocks, None)
    part: list[dict[str, Any]] = []
    open_digests = set(digests)
    count = unproved = 0
    for entry in journal.entries():
        del entry["values"]  # personal values stay at home; their hashes are chained
        part.append(entry)
        if block is not None and entry["seq"] >= block["last"]:
            if _concerns(part, ids):
                _write_part(folder, part, block)
                count += len(part)
                open_digests -= {one for one in open_digests if one in json.dumps([row["data"] for row in part])}
            part, block = [], next(blocks, None)
    if part and _concerns(part, ids):
        _write_part(folder, part, None)
        unproved = len(part)
    return count, unproved, not open_digests


def _concerns(part: Iterable[Mapping[str, Any]], ids: set[str]) -> bool:
    return any(entry["object_id"] in ids for entry in part)


def _write_part(folder: Path, part: list[dict[str, Any]], block: Mapping[str, Any] | None) -> None:
    path = folder / f"{part[0]['seq']:09}.json"
    path.write_text(json.dumps({"entries": part, "block": block}, ensure_ascii=False, indent=1), "utf-8")


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
    journal: tuple[int, int, bool],
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
    entries, unproved, bound = journal
    state = say("bound" if bound else "open", entries=entries, unproved=unproved)
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
