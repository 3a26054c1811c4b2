"""The archive's small parts, without programs."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

import archive
from archive import QualityCheck, ScanRecord, everything, is_untouched, ocfl, transfer_note, write_metadata
from archive.gate import text_kept
from archive.metadata import check, schema
from archive.owner import is_abandoned, owned_name
from archive.plaintext import decode
from archive.scan import _is_symbolic
from archive.segments import append_lines, read_lines
from archive.textlayer import _matrix
from archive.xmp import Xmp, facturx_of, packet
from core.errors import IntegrityError

ROOT = Path(archive.__file__).parent.parent
DATA = Path(archive.__file__).parent / "data"


def test_front_door() -> None:
    public = {name for name in vars(everything) if not name.startswith("_")}
    assert set(everything.__all__) == public
    assert all(getattr(archive, name) is getattr(everything, name) for name in public)
    with pytest.raises(AttributeError):
        _ = archive.nothing_of_that_name


def test_the_child_that_seals_needs_no_database() -> None:
    code = "import sys, archive.apart, ingest.inside; print('sqlalchemy' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert said.strip() == "False"


def test_findings_are_all_used() -> None:
    source = "\n".join(path.read_text() for path in Path(archive.__file__).parent.glob("*.py"))
    used = set(re.findall(r'"([AJ]\d{3})"', source.replace('Finding("A004"', '"A004"')))
    assert used == set(archive.FINDINGS)


# --- OCFL


def test_layout_is_that_of_extension_0003() -> None:
    """The examples of the extension's text, at our tuple size."""
    assert ocfl.relative_path("object-01") == "3c/0f/object-01"
    assert ocfl.relative_path("..hor/rib:le-$id") == "48/73/%2e%2ehor%2frib%3ale-%24id"


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}", fullmatch=True), st.sampled_from(ocfl.KINDS))
def test_folder_tells_kind_and_id(object_id: str, kind: str) -> None:
    path = ocfl.relative_path(ocfl.urn(kind, object_id))
    assert ocfl.parse_folder(path.split("/")[2]) == (kind, object_id)


def test_inventory_reads_what_it_writes() -> None:
    head: dict[str, Any] = {"created": "2026-11-25T00:00:00Z", "message": "m", "user": {"name": "u"}}
    digests = {"a": "0" * 128, "b": "1" * 128}
    inventory = ocfl.Inventory(
        "urn:x", {digests["a"]: "v1/content/a", digests["b"]: "v2/content/b"},
        ({"a": digests["a"], "c": digests["a"]}, {"b": digests["b"]}), (head, head),
    )  # fmt: skip
    assert ocfl.parse(inventory.as_json()) == inventory
    assert ocfl.parse(inventory.as_json()).as_json() == inventory.as_json()
    assert set(inventory.upto(1).manifest.values()) == {"v1/content/a"}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda whole: whole.pop("id"),
        lambda whole: whole.update(head="v9"),
        lambda whole: whole.update(digestAlgorithm="md5"),
        lambda whole: whole["manifest"].clear(),
        lambda whole: whole.update(versions=[]),
        lambda whole: whole["manifest"].update({"0" * 128: ["../../etc/passwd"]}),
    ],
)
def test_bad_inventory_is_refused(spoil: Callable[[dict[str, Any]], object]) -> None:
    head: dict[str, Any] = {"created": "2026-11-25T00:00:00Z"}
    whole = json.loads(ocfl.Inventory("urn:x", {"0" * 128: "v1/content/a"}, ({"a": "0" * 128},), (head,)).as_json())
    spoil(whole)
    with pytest.raises(IntegrityError):
        ocfl.parse(json.dumps(whole).encode())
    with pytest.raises(IntegrityError):
        ocfl.parse(b"[]")


def test_own_folder_is_not_abandoned() -> None:
    name = owned_name()
    host, pid, start, rest = name.split(".")
    assert not is_abandoned(name)
    assert is_abandoned(f"{host}.{pid}.{int(start) + 1}.{rest}")
    assert not is_abandoned(f"other-host.{pid}.1.{rest}") and not is_abandoned(".changing.lock")


# --- text


@given(
    st.tuples(st.floats(0, 500), st.floats(0, 700), st.floats(1, 300), st.floats(1, 60)),
    st.sampled_from([0, 90, 180, 270]),
    st.integers(1, 30),
)
def test_text_matrix_spans_the_box(box: tuple[float, float, float, float], orientation: int, length: int) -> None:
    x0, y0, wide, high = box
    a, b, c, d, e, f = (
        int(value) / 1000 for value in _matrix((x0, y0, x0 + wide, y0 + high), orientation, length).split()
    )
    corners = [(e + a * x + c * y, f + b * x + d * y) for x in (0, length * 0.5) for y in (0, 1)]
    xs, ys = [corner[0] for corner in corners], [corner[1] for corner in corners]
    for found, wanted in ((min(xs), x0), (max(xs), x0 + wide), (min(ys), y0), (max(ys), y0 + high)):
        assert abs(found - wanted) < 0.02


def test_text_kept_counts_words() -> None:
    assert text_kept("", "anything") == 1.0
    assert text_kept("a b c d", "d c b a") == 1.0
    assert text_kept("a a b b", "a b b x") == 0.75
    assert text_kept("ﬁn Wohn\u00adgeld ✔", "fin Wohngeld") == 1.0


@pytest.mark.parametrize(
    "data", ["Grüße".encode(), "\ufeffGrüße".encode(), "Grüße".encode("utf-16"), "Grüße".encode("cp1252")]
)
def test_text_files_are_decoded(data: bytes) -> None:
    assert decode(data) == "Grüße"


# --- metadata of the PDF


def test_xmp_is_safe_xml() -> None:
    from xml.etree import ElementTree

    text = packet(Xmp(2, "U", 'Titel <&> "x" \x00\ufffe', "de", "Ä & Ö")).decode()
    root = ElementTree.fromstring(text[text.index("<x:xmpmeta") : text.index("<?xpacket end")])
    assert any(item.text == 'Titel <&> "x" ' for item in root.iter())


def test_facturx_properties_are_read_in_both_spellings() -> None:
    uri = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
    wanted = {"uri": uri, "DocumentType": "INVOICE", "Version": "1.0"}
    elements = f'<a xmlns:fx="{uri}"><fx:DocumentType>INVOICE</fx:DocumentType><fx:Version> 1.0 </fx:Version></a>'
    attributes = f'<a xmlns:zf="{uri}" zf:DocumentType="INVOICE" zf:Version="1.0"/>'
    assert facturx_of(elements.encode()) == facturx_of(attributes.encode()) == wanted
    assert facturx_of(b"<a/>") == {}


def test_jbig2_segments() -> None:
    def segment(kind: int, data: bytes = b"12345") -> bytes:
        return b"\0\0\0\1" + bytes((kind, 0, 1)) + len(data).to_bytes(4, "big") + data

    assert not _is_symbolic(segment(48) + segment(38))
    assert _is_symbolic(segment(48) + segment(6)) and _is_symbolic(segment(0))
    assert not _is_symbolic(b"") and not _is_symbolic(b"\0" * 9)


# --- journal segments


@given(
    st.lists(st.dictionaries(st.text(max_size=5), st.one_of(st.text(), st.integers()), max_size=3), max_size=8),
    st.binary(max_size=20),
)
def test_lines_come_back_and_a_torn_end_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, lines: list[dict[str, Any]], torn: bytes
) -> None:
    path = tmp_path_factory.mktemp("lines") / "x.jsonl"
    append_lines(path, lines)
    with path.open("ab") as file:
        file.write(torn.replace(b"\n", b""))
    assert list(read_lines(path)) == lines


# --- TransferNote and metadata


def scan(**changes: Any) -> ScanRecord:
    moment = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    facts: dict[str, Any] = {
        "document_id": "d", "source_id": "s", "source_sha256": "0" * 64, "operator": "müller", "device": "fi-8190",
        "profile": "300 dpi Farbe", "scanned_at": moment, "sheets_counted": 2, "pages_found": 3,
        "software": {"aktenlotse": "0.1"}, "quality": QualityCheck("meier", moment, True),
        "agreement": "stimmt überein",
    }  # fmt: skip
    return ScanRecord(**{**facts, **changes})


def test_transfer_note_frees_the_paper_only_when_all_is_there() -> None:
    note = transfer_note(scan())
    assert note["complete"] and note["paper_free"] and is_untouched(note)
    json.dumps(note)


@pytest.mark.parametrize(
    ("changes", "complete"),
    [
        ({"operator": None}, False),
        ({"device": ""}, False),
        ({"profile": None}, False),
        ({"quality": None}, True),
        ({"quality": QualityCheck("m", datetime.now(UTC), False)}, True),
        ({"agreement": ""}, True),
        ({"pages_found": 1}, True),
        ({"pages_found": 5}, True),
        ({"anomalies": ("blank_page",)}, True),
    ],
)
def test_transfer_note_with_gaps_never_frees_the_paper(changes: dict[str, Any], complete: bool) -> None:
    note = transfer_note(scan(**changes))
    assert not note["paper_free"] and note["complete"] is complete


def test_changed_transfer_note_is_seen() -> None:
    note = transfer_note(scan())
    assert not is_untouched({**note, "operator": "andere"})


def test_metadata_follows_its_schema() -> None:
    data = json.loads(
        write_metadata({"kind": "document", "id": "d", "created_at": "2026-11-25T00:00:00Z", "pages": [{"number": 1}]})
    )
    check(data)
    wrong: list[dict[str, object]] = [
        {"kind": "letter"},
        {"id": 5},
        {"received_on": 7},
        {"pages": [{}]},
        {"sha256": "x"},
        {"unknown": 1},
        {"size": True},
        {"pdfa": {"rung": "z", "valid": True}},
    ]
    for bad in wrong:
        with pytest.raises(ValueError, match=r".+"):
            check({**data, **bad})
    assert schema()["properties"]["received_on"]["x-xdomea"] == "Posteingangsdatum"


# --- the stand-alone verifier


def verifier() -> ModuleType:
    spec = importlib.util.spec_from_file_location("proof_verify", DATA / "verify.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_verifier_needs_only_the_standard_library() -> None:
    import sys

    source = (DATA / "verify.py").read_text()
    assert len(source.splitlines()) < 200
    names = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).split(".")[0]  # type: ignore[union-attr]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }
    assert names <= set(sys.stdlib_module_names)


def test_verifier_agrees_with_cryptography_on_signatures() -> None:
    is_signed = verifier().is_signed
    for number in range(8):
        key = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        public, message = key.public_key().public_bytes_raw(), b"Nachricht" * number
        signature = key.sign(message)
        assert is_signed(public, message, signature)
        assert not is_signed(public, message + b"x", signature)
        for place in (0, 31, 32, 63):
            bad = bytearray(signature)
            bad[place] ^= 1
            assert not is_signed(public, message, bytes(bad))
        assert not is_signed(bytes(32), message, signature) and not is_signed(public, message, signature[:63])
