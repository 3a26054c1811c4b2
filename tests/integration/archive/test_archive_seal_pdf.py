"""The PDF/A ladder on PDFs: born-digital ones with all that is forbidden, and scans."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pikepdf
import pytest

from archive import PageLayer, Sealed, Validator, Word, extract
from tests.integration.archive import archive_pdfs as pdfs

Seal = Callable[..., Sealed]
OWN = PageLayer(0, 0, 0, 0.0, (), 300.0, True)


def words_of(pdf: Path) -> list[tuple[str, float, float, float, float]]:
    """Words with boxes in points, as poppler finds them on the page as shown."""
    xml = subprocess.run(["pdftotext", "-bbox", str(pdf), "-"], check=True, capture_output=True).stdout
    found = []
    for word in ElementTree.fromstring(xml).iter("{http://www.w3.org/1999/xhtml}word"):
        x0, y0, x1, y1 = (float(word.get(name, "")) for name in ("xMin", "yMin", "xMax", "yMax"))
        found.append((word.text or "", x0, y0, x1, y1))
    return found


def text_of(pdf: Path) -> str:
    return subprocess.run(["pdftotext", "-raw", str(pdf), "-"], check=True, capture_output=True).stdout.decode()


@pytest.mark.parametrize("name", pdfs.BORN_DIGITAL)
def test_born_digital_becomes_valid_with_its_text(name: str, sealed: Seal, validator: Validator) -> None:
    result = sealed(pdfs.BORN_DIGITAL[name]())
    assert result.valid and result.pdf is not None, result
    assert result.rung == "c", result
    verdict = validator.validate(result.pdf)  # a second time, by what the file itself claims
    assert verdict.valid and verdict.flavour == result.flavour
    assert "Wohngeld für meine Wohnung" in text_of(result.pdf)
    assert result.gate["passed"] and result.gate["text_kept"] == 1.0


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("scripts", "scripts_removed"),
        ("scripts", "actions_removed"),
        ("xfa", "xfa_removed"),
        ("layers", "hidden_layers"),
        ("odd_annotations", "annotations_removed"),
        ("odd_annotations", "hidden_annotations_removed"),
        ("odd_annotations", "annotation_without_appearance"),
        ("facturx", "attachments_embedded"),
    ],
)
def test_what_a_reader_could_miss_is_said(name: str, code: str, sealed: Seal) -> None:
    assert code in sealed(pdfs.BORN_DIGITAL[name]()).warnings


def test_form_values_stay_readable(sealed: Seal) -> None:
    for build in (pdfs.form_with_values, pdfs.form_without_appearances, pdfs.xfa):
        result = sealed(build())
        assert result.pdf is not None
        assert "Mustermann-Feldwert" in text_of(result.pdf)


def test_facturx_survives_byte_for_byte(sealed: Seal) -> None:
    result = sealed(pdfs.facturx())
    assert result.flavour == "3u" and result.pdf is not None
    with pikepdf.open(result.pdf) as pdf:
        file = pdf.attachments["factur-x.xml"]
        assert file.get_file().read_bytes() == pdfs.XML
        assert file.relationship == pikepdf.Name.Alternative
        assert b"<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>" in pdf.Root.Metadata.read_bytes()
        assert len(pdf.Root.AF) == 1


def test_attachment_survives_ghostscript(sealed: Seal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.fonts._face_for", lambda _: None)  # no twin of the font: drawn anew
    result = sealed(pdfs.attachment_and_unembedded_font())
    assert result.rung == "c" and result.flavour == "3u" and result.pdf is not None
    assert [one["step"] for one in result.verdict["tried"]] == ["repaired"]
    with pikepdf.open(result.pdf) as pdf:
        assert pdf.attachments["plan.csv"].get_file().read_bytes() == b"a;b\n"


def test_ghostscript_that_damages_text_gives_way_to_pictures(sealed: Seal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ghostscript 10.0.0 loses the umlauts of a subset font; only the gate sees it."""
    monkeypatch.setattr("archive.fonts._face_for", lambda _: None)
    result = sealed(pdfs.form_with_values())
    assert result.rung == "d" and result.valid and result.pdf is not None
    assert [one["step"] for one in result.verdict["tried"]] == ["repaired", "redrawn"]
    assert "pages_as_images" in result.warnings
    assert "Gartenstraße" in text_of(result.pdf) and "Mustermann-Feldwert" in text_of(result.pdf)


def test_valid_pdfa_with_text_stays_byte_for_byte(sealed: Seal) -> None:
    first = sealed(pdfs.embedded_font())
    assert first.pdf is not None
    data = first.pdf.read_bytes()
    second = sealed(data)
    assert second.rung == "b" and second.pdf is not None and second.pdf.read_bytes() == data


def test_signed_pdfa_stays_byte_for_byte(sealed: Seal) -> None:
    scan, layer = pdfs.scan_pdf("jpeg")
    for first in (sealed(pdfs.embedded_font()), sealed(scan, layers=(layer,))):
        assert first.pdf is not None
        data = pdfs.signed(first.pdf.read_bytes())
        second = sealed(data, layers=(layer,))
        assert second.rung == "b" and second.pdf is not None and second.pdf.read_bytes() == data, second


def test_signature_that_cannot_be_kept_is_said(sealed: Seal) -> None:
    result = sealed(pdfs.signed(pdfs.text_pdf()))
    assert result.rung == "c" and result.valid and "signature_only_in_original" in result.warnings


def test_dynamic_form_is_no_pdfa(sealed: Seal) -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        pdf.Root.NeedsRendering = True

    result = sealed(pdfs.edited(pdfs.xfa(), change))
    assert result.rung == "e" and set(result.warnings) == {"no_pdfa", "xfa_dynamic"}


def test_false_claim_is_not_believed(sealed: Seal) -> None:
    first = sealed(pdfs.embedded_font())
    assert first.pdf is not None

    def spoil(pdf: pikepdf.Pdf) -> None:
        pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="1")

    result = sealed(pdfs.edited(first.pdf.read_bytes(), spoil))
    assert result.rung == "c" and result.valid
    assert result.verdict["tried"][0]["rung"] == "b"


@pytest.mark.parametrize("kind", pdfs.SCANS)
def test_scan_keeps_its_image_streams(kind: str, sealed: Seal) -> None:
    data, layer = pdfs.scan_pdf(kind)
    result = sealed(data, layers=(layer,))
    assert result.rung == "a" and result.flavour == "2u" and result.pdf is not None, result
    identical = 0 if kind == "lzw" else 1
    assert (result.gate["images_identical"], result.gate["images_rewrapped"]) == (identical, 1 - identical)
    with pikepdf.open(io.BytesIO(data)) as before, pikepdf.open(result.pdf) as after:
        (old,), (new,) = ([pdfs.only_image(pdf)] for pdf in (before, after))
        if identical:
            assert old.read_raw_bytes() == new.read_raw_bytes()
        else:
            assert old.read_bytes() == new.read_bytes()
    text = text_of(result.pdf)
    assert "Altschlecht" not in text and text.count("Gartenstraße") == sum(
        word.text == "Gartenstraße" for line in layer.lines for word in line
    )


def test_jbig2_symbols_are_reported(sealed: Seal) -> None:
    image, layer = pdfs.page_image("1", (200, 200))
    stream = pdfs.jbig2(b"", image.size, symbolic=True)

    def change(pdf: pikepdf.Pdf) -> None:
        picture = pikepdf.Stream(pdf, stream)
        picture.Type, picture.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
        picture.Width, picture.Height, picture.BitsPerComponent = 200, 200, 1
        picture.ColorSpace, picture.Filter = pikepdf.Name.DeviceGray, pikepdf.Name.JBIG2Decode
        pdf.pages[0].obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=picture))
        pdf.pages[0].obj.Contents = pdf.make_stream(b"q 595 0 0 842 0 0 cm /Im0 Do Q")

    result = sealed(pdfs.edited(pdfs.text_pdf(), change), layers=(layer,))
    assert result.rung == "a" and "jbig2_symbols" in result.warnings


@pytest.mark.parametrize("orientation", [0, 90, 180, 270])
def test_word_boxes_agree_within_two_pixels(orientation: int, sealed: Seal) -> None:
    """The page opens upright; each word lies where the upright page shows it."""
    image, upright = pdfs.page_image()
    layer = pdfs.turned(upright, orientation)
    delivered = image.rotate(orientation, expand=True)  # anticlockwise: turning it back clockwise is upright
    buffer = io.BytesIO()
    delivered.save(buffer, "JPEG", quality=60, dpi=(150, 150))
    result = sealed(buffer.getvalue(), "image/jpeg", (layer,))
    assert result.rung == "a" and result.pdf is not None, result
    with pikepdf.open(result.pdf) as pdf:
        assert pdf.pages[0].rotation == orientation
        assert pdfs.only_image(pdf).read_raw_bytes() == buffer.getvalue()
    wanted = [word for line in upright.lines for word in line]
    found = words_of(result.pdf)
    assert sorted(word[0] for word in found) == sorted(word.text for word in wanted)
    scale = 150 / 72
    for word in wanted:
        near = min(
            max(abs(one * scale - two) for one, two in zip(box, word.box, strict=True))
            for text, *box in found
            if text == word.text
        )
        assert near <= 2.0, (word, near)
    lines = text_of(result.pdf).splitlines()
    assert " ".join(word.text for word in upright.lines[0]) in lines


def test_turned_page_of_a_pdf_keeps_its_words_in_place(sealed: Seal) -> None:
    """A scanned PDF whose page has a /Rotate of its own: boxes are of the unturned page."""
    data, layer = pdfs.scan_pdf("jpeg")

    def turn(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].rotate(90, relative=False)

    result = sealed(pdfs.edited(data, turn), layers=(layer,))
    assert result.pdf is not None
    with pikepdf.open(result.pdf) as pdf:
        assert pdf.pages[0].rotation == 0  # upright is what the layer says


def test_pages_are_taken_out_of_a_longer_source(sealed: Seal, tmp_path: Path) -> None:
    scan, layer = pdfs.scan_pdf("jpeg")
    buffer = io.BytesIO()
    with (
        pikepdf.new() as pdf,
        pikepdf.open(io.BytesIO(scan)) as one,
        pikepdf.open(io.BytesIO(pdfs.text_pdf())) as two,
    ):
        pdf.pages.extend(one.pages)
        pdf.pages.extend(two.pages)
        pdf.pages.extend(one.pages)
        pdf.save(buffer)
    stack = tmp_path / "stapel.pdf"
    stack.write_bytes(buffer.getvalue())

    def part(*pages: int) -> bytes:
        return extract(stack, "application/pdf", pages, "", tmp_path).path.read_bytes()

    result = sealed(part(1, 3), layers=(layer, layer))
    assert result.rung == "a" and result.gate["pages"] == 2
    mixed = sealed(part(1, 2), layers=(layer, OWN))
    assert mixed.rung == "c" and mixed.valid and mixed.pdf is not None
    assert text_of(mixed.pdf).count("Erika Mustermann") >= 1


def _attach(pdf: pikepdf.Pdf) -> None:
    """A file specification that is no object of its own, as some makers write it."""
    data = pikepdf.Stream(pdf, b"Anlage als Datei" * 20)
    names = pikepdf.Array(["a.txt", pikepdf.Dictionary(F="a.txt", EF=pikepdf.Dictionary(F=data))])
    pdf.Root.Names = pikepdf.Dictionary(EmbeddedFiles=pikepdf.Dictionary(Names=names))


def _large(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj["/UserUnit"] = 2.5


UNUSUAL = {"large user unit": _large, "direct file": _attach}


@pytest.mark.parametrize("name", UNUSUAL)
def test_a_part_of_an_unusual_stack_is_sealed(name: str, sealed: Seal, tmp_path: Path) -> None:
    stack = tmp_path / "stapel.pdf"
    data = pdfs.edited(pdfs.text_pdf(), lambda pdf: pdf.pages.extend(list(pdf.pages)))
    stack.write_bytes(pdfs.edited(data, UNUSUAL[name]))
    for original in (stack, extract(stack, "application/pdf", [1], "siehe a.txt", tmp_path).path):
        result = sealed(original.read_bytes(), layers=(OWN, OWN))
        assert result.valid and result.rung == "c" and result.pdf is not None, result
        if name == "direct file":
            with pikepdf.open(result.pdf) as pdf:
                assert b"Anlage als Datei" * 20 in [
                    s.read_bytes() for s in pdf.objects if isinstance(s, pikepdf.Stream)
                ]


def test_the_same_letter_gives_the_same_bytes(sealed: Seal) -> None:
    data, layer = pdfs.scan_pdf("jpeg")
    one, two = sealed(data, layers=(layer,)), sealed(data, layers=(layer,))
    assert one.pdf is not None and two.pdf is not None
    assert one.pdf.read_bytes() == two.pdf.read_bytes()


def test_no_pdfa_is_said_so(sealed: Seal) -> None:
    for data in (
        b"%PDF-1.4\nrubbish",
        b"",
        pdfs.edited(pdfs.text_pdf(), lambda _: None, encryption=pikepdf.Encryption("a", "b")),
    ):
        result = sealed(data)
        assert result.rung == "e" and not result.valid and result.pdf is None
        assert "no_pdfa" in result.warnings


def test_odd_characters_reach_the_text(sealed: Seal) -> None:
    image, layer = pdfs.page_image("L", (600, 400))
    texts = ["€uro", "ﬁn", "😀", "Ωж", "na\u00adme", "A\u0007B"]
    line = tuple(Word(text, (20 + 90 * number, 40, 90 + 90 * number, 60)) for number, text in enumerate(texts))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    layer = PageLayer(600, 400, 0, 0.0, (line,), 100.0, False)
    result = sealed(buffer.getvalue(), "image/png", (layer,))
    assert result.flavour == "2u" and result.pdf is not None
    text = text_of(result.pdf)
    assert "€uro" in text and "😀" in text and "Ωж" in text and "AB" in text
