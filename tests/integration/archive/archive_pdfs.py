"""PDFs with all that PDF/A forbids, made on the spot; each builder's docstring says what is nasty about it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import img2pdf
import pikepdf
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from pikepdf import Array, Dictionary, Name
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.colors import CMYKColor
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from archive import PageLayer, Word

DEJAVU = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
LETTER = (
    "Sehr geehrte Damen und Herren, hiermit beantrage ich Wohngeld für meine Wohnung in der Gartenstraße 5 und "
    "bitte um Bestätigung des Eingangs. Mit freundlichen Grüßen Erika Mustermann"
)
pdfmetrics.registerFont(TTFont("DejaVu", DEJAVU))


def page_image(mode: str = "RGB", size: tuple[int, int] = (1240, 1754)) -> tuple[Image.Image, PageLayer]:
    """A letter as an image, and what an ideal OCR reads on it."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype(DEJAVU, 24)
    lines = []
    for number in range(24):
        x, y, words = 100, 120 + number * 44, []
        for text in LETTER.split()[number % 12 : number % 12 + 7]:
            box = draw.textbbox((x, y), text, font=font)
            draw.text((x, y), text, font=font, fill=(20, 20, 90))
            words.append(Word(text, (round(box[0]), round(box[1]), round(box[2]), round(box[3]))))
            x = round(box[2]) + 14
        lines.append(tuple(words))
    draw.ellipse((900, 1400, 1100, 1600), fill=(200, 30, 30))
    return image.convert(mode), PageLayer(*size, 0, 0.0, tuple(lines), 150.0, False)


def turned(layer: PageLayer, orientation: int) -> PageLayer:
    """The layer of the same sheet, when it was delivered so that ``orientation`` turns it upright."""
    wide, high = layer.width, layer.height

    def box(word: Word) -> Word:
        x0, y0, x1, y1 = word.box
        if orientation == 90:  # delivered a quarter turn anticlockwise
            return Word(word.text, (y0, wide - x1, y1, wide - x0))
        if orientation == 180:
            return Word(word.text, (wide - x1, high - y1, wide - x0, high - y0))
        return Word(word.text, (high - y1, x0, high - y0, x1))

    if not orientation:
        return layer
    size = (wide, high) if orientation == 180 else (high, wide)
    lines = tuple(tuple(box(word) for word in line) for line in layer.lines)
    return PageLayer(*size, orientation, 0.0, lines, layer.dpi, False)


def text_pdf(draw: Callable[[Canvas], None] | None = None, font: str = "DejaVu") -> bytes:
    """A born-digital letter of one page."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=1)
    canvas.setTitle("Antrag")
    canvas.setAuthor("Erika Mustermann")
    sheet = canvas.beginText(60, 780)
    sheet.setFont(font, 11, 15)
    words = LETTER.split()
    for start in range(0, len(words), 8):
        sheet.textLine(" ".join(words[start : start + 8]))
    canvas.drawText(sheet)
    if draw:
        draw(canvas)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def edited(data: bytes, change: Callable[[pikepdf.Pdf], None], **save: object) -> bytes:
    """A PDF, changed."""
    buffer = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        change(pdf)
        pdf.save(buffer, **save)  # type: ignore[arg-type]
    return buffer.getvalue()


def unembedded_font() -> bytes:
    """Helvetica is not embedded."""
    return text_pdf(font="Helvetica")


def embedded_font() -> bytes:
    """Nothing but metadata and output intent is missing."""
    return text_pdf()


def scripts() -> bytes:
    """JavaScript on opening, additional actions, a launch link, a script tree."""

    def change(pdf: pikepdf.Pdf) -> None:
        pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS="app.alert('x')")
        pdf.Root.AA = Dictionary(WC=Dictionary(S=Name.JavaScript, JS="1"))
        pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array(["a", Dictionary(S=Name.JavaScript, JS="2")])))
        pdf.pages[0].obj.AA = Dictionary(O=Dictionary(S=Name.JavaScript, JS="3"))
        link = Dictionary(
            Type=Name.Annot,
            Subtype=Name.Link,
            Rect=[60, 700, 200, 720],
            A=Dictionary(S=Name.Launch, F="cmd.exe"),
        )
        pdf.pages[0].obj.Annots = Array([pdf.make_indirect(link)])

    return edited(text_pdf(), change)


def form(canvas: Canvas) -> None:
    canvas.acroForm.textfield(name="name", value="Mustermann-Feldwert", x=60, y=500, width=200, height=20)
    canvas.acroForm.checkbox(name="ja", checked=True, x=60, y=470)


def form_with_values() -> bytes:
    """Fields with values; Helvetica in the appearances is not embedded."""
    return text_pdf(form)


def form_without_appearances() -> bytes:
    """NeedAppearances: the viewer is to draw the values."""

    def change(pdf: pikepdf.Pdf) -> None:
        pdf.Root.AcroForm.NeedAppearances = True
        for annotation in pdf.pages[0].obj.Annots:
            if annotation.FT == "/Tx":
                del annotation["/AP"]

    return edited(text_pdf(form), change)


def xfa() -> bytes:
    """A form with XFA beside the fields."""

    def change(pdf: pikepdf.Pdf) -> None:
        pdf.Root.AcroForm.XFA = pdf.make_stream(b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'/>")

    return edited(text_pdf(form), change)


def layers() -> bytes:
    """Optional content without a name, with an automatic state, one group hidden."""

    def change(pdf: pikepdf.Pdf) -> None:
        groups = [pdf.make_indirect(Dictionary(Type=Name.OCG, Name=name)) for name in ("Plan", "Leitungen")]
        event = Dictionary(Event=Name.View, Category=Array([Name.View]), OCGs=Array(groups))
        pdf.Root.OCProperties = Dictionary(
            OCGs=Array(groups),
            D=Dictionary(Order=Array(groups[:1]), OFF=Array(groups[1:]), AS=Array([event])),
        )
        page = pdf.pages[0]
        page.obj.Resources.Properties = Dictionary(L0=groups[0], L1=groups[1])
        page.contents_add(pdf.make_stream(b"/OC /L0 BDC 1 0 0 rg 60 300 50 50 re f EMC"))
        page.contents_add(pdf.make_stream(b"/OC /L1 BDC 0 0 1 rg 160 300 50 50 re f EMC"))

    return edited(text_pdf(), change)


def owner_password() -> bytes:
    """Encrypted, opens without a password."""
    return edited(text_pdf(), lambda pdf: None, encryption=pikepdf.Encryption(owner="geheim", user="", R=6))


def transparency() -> bytes:
    """Alpha and a blend mode."""

    def draw(canvas: Canvas) -> None:
        canvas.setFillAlpha(0.4)
        canvas.rect(60, 600, 300, 150, stroke=0, fill=1)

    return text_pdf(draw)


def cmyk_colours() -> bytes:
    """DeviceCMYK in the content."""

    def draw(canvas: Canvas) -> None:
        canvas.setFillColor(CMYKColor(0.1, 0.9, 0.8, 0.1))
        canvas.rect(60, 300, 200, 100, stroke=0, fill=1)

    return text_pdf(draw)


def odd_annotations() -> bytes:
    """A note without appearance, a hidden stamp, a movie."""

    def change(pdf: pikepdf.Pdf) -> None:
        note = Dictionary(Type=Name.Annot, Subtype=Name.Text, Rect=[300, 300, 320, 320], Contents="Bitte prüfen")
        stamp = Dictionary(Type=Name.Annot, Subtype=Name.Stamp, Rect=[400, 300, 420, 320], F=2)
        movie = Dictionary(Type=Name.Annot, Subtype=Name.Movie, Rect=[100, 100, 120, 120], Movie=Dictionary(F="a"))
        pdf.pages[0].obj.Annots = Array([pdf.make_indirect(one) for one in (note, stamp, movie)])

    return edited(text_pdf(), change)


XML = b'<?xml version="1.0"?><rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact"/>\n'


def facturx() -> bytes:
    """An invoice with its XML; the properties stand in the XMP packet without a schema for them."""

    def change(pdf: pikepdf.Pdf) -> None:
        pdf.attachments["factur-x.xml"] = pikepdf.AttachedFileSpec(
            pdf, XML, filename="factur-x.xml", mime_type="text/xml", relationship=Name.Alternative
        )
        packet = (
            b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            b'<rdf:Description rdf:about="" xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#">'
            b"<fx:DocumentType>INVOICE</fx:DocumentType><fx:DocumentFileName>factur-x.xml</fx:DocumentFileName>"
            b"<fx:Version>1.0</fx:Version><fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>"
            b"</rdf:Description></rdf:RDF></x:xmpmeta>"
        )
        pdf.Root.Metadata = pikepdf.Stream(pdf, packet, Type=Name.Metadata, Subtype=Name.XML)

    return edited(text_pdf(), change)


def attachment_and_unembedded_font() -> bytes:
    """An attachment that must survive Ghostscript."""

    def change(pdf: pikepdf.Pdf) -> None:
        pdf.attachments["plan.csv"] = pikepdf.AttachedFileSpec(pdf, b"a;b\n", filename="plan.csv")

    return edited(text_pdf(font="Helvetica"), change)


def broken_xref() -> bytes:
    """The cross-reference table points nowhere."""
    data = text_pdf()
    place = data.rindex(b"startxref")
    return data[:place] + b"startxref\n7\n%%EOF\n"


def huge_page() -> bytes:
    """A plan of 5 by 4 metres."""

    def change(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].mediabox = Array([0, 0, 14000, 11000])

    return edited(text_pdf(), change)


def deep_and_odd() -> bytes:
    """Transfer function, halftone, overprint, wrong rendering intent, interpolated image, newer version."""

    def change(pdf: pikepdf.Pdf) -> None:
        state = Dictionary(Type=Name.ExtGState, TR=Name.Identity, HTP=Array([0, 0]), RI=Name.Bunt, OP=True, OPM=1)
        page = pdf.pages[0]
        page.obj.Resources.ExtGState = Dictionary(G9=state)
        image = pikepdf.Stream(pdf, bytes(range(256)) * 3)
        image.Type, image.Subtype, image.Width, image.Height = Name.XObject, Name.Image, 16, 16
        image.ColorSpace, image.BitsPerComponent, image.Interpolate = Name.DeviceRGB, 8, True
        page.obj.Resources.XObject = Dictionary(Im9=image)
        page.contents_add(pdf.make_stream(b"q /G9 gs 100 0 0 100 300 300 cm /Im9 Do Q"))

    return edited(text_pdf(), change, min_version="2.0")


def scan_pdf(kind: str) -> tuple[bytes, PageLayer]:
    """A page that is one image of the given kind."""
    image, layer = page_image("CMYK" if kind == "cmyk" else "1" if kind in ("g4", "jbig2") else "RGB")
    buffer = io.BytesIO()
    if kind in ("jpeg", "cmyk", "old_text"):
        image.save(buffer, "JPEG", quality=80, dpi=(150, 150))
    elif kind == "jpx":
        image.save(buffer, "JPEG2000", irreversible=True, quality_layers=[40])
    else:
        image.save(buffer, "TIFF", compression="group4" if kind in ("g4", "jbig2") else None, dpi=(150, 150))
    data = text_pdf() if kind == "jpx" else img2pdf.convert(buffer.getvalue(), nodate=True)

    def change(pdf: pikepdf.Pdf) -> None:
        page = pdf.pages[0]
        if kind == "jpx":
            stream = pikepdf.Stream(pdf, buffer.getvalue())
            stream.Type, stream.Subtype, stream.Filter = Name.XObject, Name.Image, Name.JPXDecode
            stream.Width, stream.Height = image.size
            page.obj.Resources = Dictionary(XObject=Dictionary(Im0=stream))
            page.obj.Contents = pdf.make_stream(b"q 595 0 0 842 0 0 cm /Im0 Do Q")
            return
        picture = next(iter(page.resources.XObject.values()))
        if kind == "lzw":
            picture.write(lzw(picture.read_bytes()), filter=Name.LZWDecode, decode_parms=None)
        if kind == "jbig2":
            coded = jbig2(picture.read_raw_bytes(), image.size)
            picture.write(coded, filter=Name.JBIG2Decode, decode_parms=None)
            picture.ColorSpace = Name.DeviceGray
            if "/Decode" in picture:
                del picture["/Decode"]
        if kind == "old_text":
            page.obj.Resources.Font = Dictionary(
                F1=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
            )
            page.contents_add(pdf.make_stream(b"BT 3 Tr /F1 12 Tf 50 700 Td (Altschlecht gelesen) Tj ET"))

    raw = {"stream_decode_level": pikepdf.StreamDecodeLevel.none, "compress_streams": False}
    return edited(data, change, **raw), layer


def signed(data: bytes) -> bytes:
    """A PDF with an invisible signature (PKCS #7, detached) over all of its bytes but the signature."""
    room = 8000

    def change(pdf: pikepdf.Pdf) -> None:
        value = Dictionary(
            Type=Name.Sig, Filter=Name("/Adobe.PPKLite"), SubFilter=Name("/adbe.pkcs7.detached"),
            ByteRange=Array([0, 1_000_000_001, 1_000_000_002, 1_000_000_003]), Contents=pikepdf.String(b"\xaa" * room),
        )  # fmt: skip
        field = Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, FT=Name.Sig, T="Signatur", Rect=[0, 0, 0, 0], F=132,
            P=pdf.pages[0].obj, V=pdf.make_indirect(value),
        )  # fmt: skip
        pdf.pages[0].obj.Annots = Array([pdf.make_indirect(field)])
        pdf.Root.AcroForm = Dictionary(Fields=Array([pdf.pages[0].obj.Annots[0]]), SigFlags=3)

    whole = edited(data, change, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    start = whole.index(b"<" + b"aa" * 20)
    end = whole.index(b">", start) + 1
    placeholder = b"[ 0 1000000001 1000000002 1000000003 ]"
    span = f"[ 0 {start} {end} {len(whole) - end} ]".encode()
    assert whole.count(placeholder) == 1
    whole = whole.replace(placeholder, span.ljust(len(placeholder)))
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Erika Mustermann")])
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(moment).not_valid_after(moment.replace(year=2036))
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    signer = pkcs7.PKCS7SignatureBuilder().set_data(whole[:start] + whole[end:])
    signer = signer.add_signer(builder.sign(key, hashes.SHA256()), key, hashes.SHA256())
    signature = signer.sign(serialization.Encoding.DER, options).hex().encode()
    return whole[: start + 1] + signature.ljust(2 * room, b"0") + whole[end - 1 :]


def lzw(data: bytes) -> bytes:
    """LZW (PDF 7.4.4) without compression: a clear code often enough that codes stay 9 bits wide."""
    bits, value = [], 0
    out = bytearray()
    for start in range(0, len(data), 250):
        bits += [256, *data[start : start + 250]]
    bits.append(257)
    count = 0
    for code in bits:
        value = (value << 9) | code
        count += 9
        while count >= 8:
            count -= 8
            out.append((value >> count) & 255)
        value &= (1 << count) - 1
    if count:
        out.append((value << (8 - count)) & 255)
    return bytes(out)


def jbig2(mmr: bytes, size: tuple[int, int], *, symbolic: bool = False) -> bytes:
    """A JBIG2 page (ITU-T T.88) with one generic region in MMR coding, which is that of G4."""
    wide, high = (side.to_bytes(4, "big") for side in size)
    zero = bytes(4)
    page = wide + high + zero + zero + b"\0" + b"\0\0"
    region = wide + high + zero + zero + b"\0" + b"\x01" + mmr
    kind = 0x00 if symbolic else 0x26
    parts = [bytes(4) + b"\x30\x00\x01" + len(page).to_bytes(4, "big") + page]
    parts.append(b"\0\0\0\x01" + bytes((kind, 0, 1)) + len(region).to_bytes(4, "big") + region)
    return b"".join(parts)


BORN_DIGITAL: dict[str, Callable[[], bytes]] = {
    one.__name__: one
    for one in (
        unembedded_font, embedded_font, scripts, form_with_values, form_without_appearances, xfa, layers,
        owner_password, transparency, cmyk_colours, odd_annotations, facturx, attachment_and_unembedded_font,
        broken_xref, huge_page, deep_and_odd,
    )
}  # fmt: skip
SCANS = ("jpeg", "cmyk", "g4", "lzw", "jpx", "jbig2", "old_text")


def only_image(pdf: pikepdf.Pdf) -> pikepdf.Stream:
    """The one image of the first page."""
    (image,) = pdf.pages[0].resources.XObject.values()
    assert isinstance(image, pikepdf.Stream)
    return image


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path
