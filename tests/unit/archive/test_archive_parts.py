"""A part of a stack is built up from its pages: nothing of the other letters is in it, and all of its own is."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String
from PIL import Image

from archive.parts import CONVERTED, IN_SOURCE, ForeignContent, check_part, extract
from archive.parts.files import is_mentioned
from tests.stacks import STACK, WORDS, pages_of, rich_stack, strings_and_streams, word

LETTERS = 4


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stack") / "stapel.pdf"
    path.write_bytes(rich_stack(LETTERS))
    return path


def part(stack: Path, folder: Path, number: int = 0, text: str | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    said = f"Anlage: {word(number)}-4711.txt" if text is None else text
    return extract(stack, "application/pdf", pages_of(number), said, folder).path


@pytest.mark.parametrize("number", range(LETTERS))
def test_a_part_holds_its_own_words_and_no_others(stack: Path, tmp_path: Path, number: int) -> None:
    said = strings_and_streams(part(stack, tmp_path, number))
    own = word(number)
    for wanted in (f"Hundesteuer {own}", f"An der Seite: {own}", f"Am Stapel: {own}", f"Notiz {own}", f"Wert {own}"):
        assert wanted.encode() in said, wanted
    assert [other for other in (*WORDS, STACK) if other != own and other.encode() in said] == []


def test_streams_of_a_part_are_as_they_were_coded(stack: Path, tmp_path: Path) -> None:
    with pikepdf.open(stack) as old, pikepdf.open(part(stack, tmp_path, 1)) as new:
        assert len(new.pages) == 2
        for number, page in zip(pages_of(1), new.pages, strict=True):
            whole = old.pages[number - 1].obj
            assert page.obj.Contents.read_raw_bytes() == whole.Contents.read_raw_bytes()
            image = page.obj.Resources.XObject["/Fm1"].Resources.XObject["/Im1"]
            assert image.read_raw_bytes() == whole.Resources.XObject["/Im1"].read_raw_bytes()
            assert list(page.obj.Resources.XObject.keys()) == ["/Fm1"]


def test_links_inside_a_part_lead_to_its_own_pages_and_others_are_gone(stack: Path, tmp_path: Path) -> None:
    with pikepdf.open(part(stack, tmp_path, 1)) as new:
        links = [one for one in new.pages[0].obj.Annots if one.Subtype == "/Link"]
        pages = [page.obj.objgen for page in new.pages]
        assert [str(one.A.URI) for one in links if "/A" in one] == [f"https://{word(1)}.example"]
        assert [pages.index(one.Dest[0].objgen) for one in links if "/Dest" in one] == [1, 0]
        assert len(links) == 3


def test_a_field_keeps_its_value_and_name_without_its_tree(stack: Path, tmp_path: Path) -> None:
    with pikepdf.open(part(stack, tmp_path, 2)) as new:
        fields = {str(field.T): field for field in new.Root.AcroForm.Fields}
        assert set(fields) == {f"gruppe {word(2)}.feld", "kunde"}
        assert str(fields["kunde"].V) == "Gemeinsam" and fields["kunde"].FT == "/Tx"
        assert str(fields[f"gruppe {word(2)}.feld"].V) == f"Wert {word(2)}"
        assert "/Parent" not in fields["kunde"] and "/Kids" not in fields["kunde"]
        assert list(new.Root.AcroForm.DR.keys()) == ["/Font"]


def test_a_hidden_layer_stays_hidden_and_others_are_not_named(stack: Path, tmp_path: Path) -> None:
    for number, hidden in ((0, 0), (1, 1)):
        with pikepdf.open(part(stack, tmp_path / str(number), number)) as new:
            layers = new.Root.OCProperties
            assert [str(group.Name) for group in layers.OCGs] == [f"Ebene {word(number)}"]
            assert len(layers.D.get("/OFF", ())) == hidden


def test_two_widgets_of_a_field_stay_one_field(tmp_path: Path) -> None:
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.add_blank_page()
        field = pdf.make_indirect(Dictionary(FT=Name.Btn, Ff=32768, T=String("wahl"), V=Name("/ja")))
        kids = [
            pdf.make_indirect(
                Dictionary(Type=Name.Annot, Subtype=Name.Widget, Rect=Array([n, 0, n + 9, 9]), Parent=field)
            )
            for n in (0, 20)
        ]
        field.Kids = Array(kids)
        pdf.pages[0].obj.Annots = Array(kids)
        pdf.Root.AcroForm = Dictionary(Fields=Array([field]))
        pdf.save(tmp_path / "stapel.pdf")
    made = extract(tmp_path / "stapel.pdf", "application/pdf", [1], "", tmp_path)
    with pikepdf.open(made.path) as new:
        (one,) = new.Root.AcroForm.Fields
        assert len(one.Kids) == 2 and one.V == "/ja" and all(kid.Parent.objgen == one.objgen for kid in one.Kids)


def test_the_same_pages_give_the_same_bytes(stack: Path, tmp_path: Path) -> None:
    one, two = part(stack, tmp_path / "a"), part(stack, tmp_path / "b")
    assert one.read_bytes() == two.read_bytes()


def test_a_file_of_the_stack_that_no_letter_names_stays_in_the_source(stack: Path, tmp_path: Path) -> None:
    said = extract(stack, "application/pdf", pages_of(0), f"Anlage: {word(0)}-4711.txt", tmp_path)
    assert said.warnings == {IN_SOURCE}
    assert b"niemand" not in strings_and_streams(said.path)


@pytest.mark.parametrize(
    ("name", "text", "mentioned"),
    [
        ("Rechnung-4711.pdf", "siehe rechnung-4711 anbei", True),
        ("Rechnung-4711.pdf", "Rechnung-47112", False),
        ("Rechnung.pdf", "Ihre Rechnung vom 3. Mai", False),
        ("Rechnung.pdf", "Anlage: RECHNUNG.PDF", True),
        ("", "irgendwas", False),
        ("a.b(c.pdf", "a.b(c.pdf", True),
    ],
)
def test_a_file_is_mentioned_by_its_name_and_not_by_a_mere_word(name: str, text: str, mentioned: bool) -> None:
    assert is_mentioned(name, text) is mentioned


def test_the_gate_lets_a_right_part_pass(stack: Path, tmp_path: Path) -> None:
    for number in range(LETTERS):
        path = part(stack, tmp_path / str(number), number)
        check_part(stack, "application/pdf", pages_of(number), f"{word(number)}-4711.txt", [path])


def _cut_down(pdf: pikepdf.Pdf) -> None:
    for page in reversed(range(len(pdf.pages))):
        if page + 1 not in pages_of(0):
            del pdf.pages[page]


def _only(pdf: pikepdf.Pdf, *keys: str) -> None:
    for key in [key for key in dict(pdf.Root.items()) if key not in ("/Type", "/Pages", *keys)]:
        del pdf.Root[key]
    if "/Info" in pdf.trailer:
        del pdf.trailer["/Info"]
    for page in pdf.pages:
        for key in [key for key in dict(page.obj.items()) if key not in ("/Type", "/Parent", "/MediaBox", "/Contents")]:
            del page.obj[key]


@pytest.mark.parametrize("key", ["/Outlines", "/Names", "/AcroForm", "/StructTreeRoot", "/Threads", "/OCProperties"])
def test_the_gate_finds_what_a_cut_stack_keeps(stack: Path, tmp_path: Path, key: str) -> None:
    cut = tmp_path / "extract.pdf"
    with pikepdf.open(stack) as pdf:
        _cut_down(pdf)
        _only(pdf, key)
        pdf.save(cut)
    with pytest.raises(ForeignContent):
        check_part(stack, "application/pdf", pages_of(0), "", [cut])


def test_the_gate_finds_a_neighbours_image_in_shared_resources(stack: Path, tmp_path: Path) -> None:
    cut = tmp_path / "extract.pdf"
    with pikepdf.open(stack) as pdf:
        resources = pdf.pages[0].obj.Resources
        _cut_down(pdf)
        _only(pdf)
        for page in pdf.pages:
            page.obj.Resources = Dictionary(Font=resources.Font, XObject=Dictionary(Im1=resources.XObject["/Im1"]))
        pdf.save(cut)
    with pytest.raises(ForeignContent):
        check_part(stack, "application/pdf", pages_of(0), "", [cut])


def test_frames_of_a_tiff_keep_their_strips_and_lose_the_texts_of_the_stack(tmp_path: Path) -> None:
    frames = [Image.effect_noise((620, 877), 200 + number).convert("1") for number in range(3)]
    frames[0].save(
        tmp_path / "stapel.tif", "TIFF", compression="group4", save_all=True, append_images=frames[1:], dpi=(204, 98),
        tiffinfo={270: STACK, 278: 100},
    )  # fmt: skip
    made = extract(tmp_path / "stapel.tif", "image/tiff", [3, 1], "", tmp_path)
    assert made.media_type == "image/tiff" and STACK.encode() not in made.path.read_bytes()
    with Image.open(made.path) as new:
        assert new.n_frames == 2 and tuple(map(round, new.info["dpi"])) == (204, 98)  # type: ignore[attr-defined]
        for place, number in ((0, 2), (1, 0)):
            new.seek(place)
            assert new.tobytes() == frames[number].tobytes()
    from archive.parts.tiff import data_of

    old = data_of(tmp_path / "stapel.tif")
    assert data_of(made.path) == [old[2], old[0]] and len(old[0]) == 9
    check_part(tmp_path / "stapel.tif", "image/tiff", [3, 1], "", [made.path])
    with pytest.raises(ForeignContent):
        check_part(tmp_path / "stapel.tif", "image/tiff", [3, 2], "", [made.path])


@pytest.mark.parametrize("options", [{"compression": "jpeg"}, {"compression": "tiff_lzw"}, {"big_tiff": True}])
def test_other_tiffs_are_parted_too(tmp_path: Path, options: dict[str, object]) -> None:
    frames = [Image.effect_noise((60, 87), 20 + number).convert("RGB") for number in range(3)]
    frames[0].save(tmp_path / "stapel.tif", "TIFF", save_all=True, append_images=frames[1:], **options)
    made = extract(tmp_path / "stapel.tif", "image/tiff", [2], "", tmp_path)
    with Image.open(made.path) as new, Image.open(tmp_path / "stapel.tif") as old:
        old.seek(1)
        assert new.tobytes() == old.tobytes() and made.media_type == "image/tiff"


def test_a_tiff_whose_directories_go_round_ends(tmp_path: Path) -> None:
    frame = Image.new("1", (60, 87))
    buffer = io.BytesIO()
    frame.save(buffer, "TIFF", save_all=True, append_images=[frame])
    data = bytearray(buffer.getvalue())
    first = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[first : first + 2], "little")
    place = first + 2 + 12 * count
    data[place : place + 4] = first.to_bytes(4, "little")
    (tmp_path / "rund.tif").write_bytes(bytes(data))
    made = extract(tmp_path / "rund.tif", "image/tiff", [1], "", tmp_path)
    assert made.warnings == {CONVERTED} and made.media_type == "application/pdf"


def test_frames_of_other_files_become_a_pdf_of_their_samples(tmp_path: Path) -> None:
    frames = [Image.effect_noise((60, 87), 20 + number).convert("L") for number in range(3)]
    frames[0].save(tmp_path / "stapel.webp", save_all=True, append_images=frames[1:], lossless=True)
    made = extract(tmp_path / "stapel.webp", "image/webp", [2, 3], "", tmp_path)
    assert made.warnings == {CONVERTED}
    with pikepdf.open(made.path) as new:
        assert len(new.pages) == 2
        (image,) = new.pages[0].resources.XObject.values()
        assert isinstance(image, pikepdf.Stream)
        assert pikepdf.PdfImage(image).as_pil_image().convert("L").tobytes() == frames[1].tobytes()


def test_a_page_that_cannot_be_parted_is_taken_as_a_picture(tmp_path: Path) -> None:
    with pikepdf.new() as pdf:
        for turn in (0, 90):
            pdf.add_blank_page(page_size=(300, 400))
            pdf.pages[-1].obj.Rotate = turn
            pdf.pages[-1].obj.Contents = pdf.make_stream(b"0 0 1 rg 10 10 100 100 re f")
        broken = pikepdf.Stream(pdf, b"no such coding", Filter=Name.FlateDecode)
        broken.Type, broken.Subtype, broken.BBox = Name.XObject, Name.Form, Array([0, 0, 9, 9])
        broken.Resources = Dictionary()
        pdf.pages[1].obj.Resources = Dictionary(XObject=Dictionary(F=pdf.make_indirect(broken)))
        pdf.pages[1].obj.Contents = pdf.make_stream(b"0 0 1 rg 10 10 100 100 re f /F Do")
        pdf.save(tmp_path / "stapel.pdf", stream_decode_level=pikepdf.StreamDecodeLevel.none, compress_streams=False)
    made = extract(tmp_path / "stapel.pdf", "application/pdf", [2], "", tmp_path)
    assert made.warnings == {CONVERTED}
    with pikepdf.open(made.path) as new:
        (page,) = new.pages
        assert [round(float(one)) for one in page.mediabox] == [0, 0, 300, 400]
