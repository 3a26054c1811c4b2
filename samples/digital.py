"""Letters that were never paper: PDFs with a text layer, and an electronic invoice."""

import io
from pathlib import Path

import pikepdf
from PIL import ImageCms
from reportlab.lib.colors import Color
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from samples.letter import HEIGHT, POINT, WIDTH, Letter, Typesetter
from samples.scan import ACCENT, FACES, FONTS, INK

NO_DATE = "D:20251114080000+01'00'"
XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"
 pdfaid:part="3" pdfaid:conformance="B"/>
<rdf:Description rdf:about="" xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
 fx:DocumentType="INVOICE" fx:DocumentFileName="factur-x.xml" fx:Version="1.0"
 fx:ConformanceLevel="EN 16931"/>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
 xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"><pdfaExtension:schemas><rdf:Bag>
<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>fx</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq>
</pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>
</rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""
XMP_PROPERTY = """<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name>
<pdfaProperty:valueType>Text</pdfaProperty:valueType>
<pdfaProperty:category>external</pdfaProperty:category>
<pdfaProperty:description>{name} of the embedded invoice</pdfaProperty:description></rdf:li>"""


def typed_pdf(letter: Letter, embed: bool) -> bytes:
    """A PDF as a word processor makes it; with the standard Helvetica left out, or a font embedded."""
    faces = _embedded_faces(letter.font) if embed else ("Helvetica", "Helvetica-Bold")
    shrink = 0.9 if embed else 1.0

    def measure(text: str, size: float, bold: bool) -> float:
        return float(pdfmetrics.stringWidth(text, faces[bold], size * shrink)) * POINT

    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(WIDTH / POINT, HEIGHT / POINT), invariant=1)
    canvas.setTitle(letter.subject)
    canvas.setAuthor(letter.sender[0])
    for sheet in Typesetter(letter, measure).set_pages():
        for run in sheet.runs:
            canvas.setFillColor(_colour(ACCENT if run.accent else INK))
            canvas.setFont(faces[run.bold], run.size * shrink)
            write = canvas.drawRightString if run.right else canvas.drawString
            write(run.x / POINT, (HEIGHT - run.y) / POINT, run.text)
        for x0, y0, x1, y1 in sheet.rules:
            canvas.setStrokeColor(_colour(ACCENT))
            canvas.line(x0 / POINT, (HEIGHT - y0) / POINT, x1 / POINT, (HEIGHT - y1) / POINT)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def e_invoice(letter: Letter, xml: bytes) -> bytes:
    """A PDF/A-3 like those of ZUGFeRD and Factur-X: readable page, `factur-x.xml` embedded."""
    pdf = pikepdf.open(io.BytesIO(typed_pdf(letter, embed=True)))
    attached = pdf.make_stream(
        xml, Type=pikepdf.Name.EmbeddedFile, Subtype=pikepdf.Name("/text/xml"),
        Params=pikepdf.Dictionary(ModDate=NO_DATE, Size=len(xml)),
    )  # fmt: skip
    spec = pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Filespec, F="factur-x.xml", UF="factur-x.xml",
            Desc="Rechnungsdaten nach EN 16931", AFRelationship=pikepdf.Name.Alternative,
            EF=pikepdf.Dictionary(F=attached, UF=attached),
        )
    )  # fmt: skip
    profile = pdf.make_stream(_srgb(), N=3)
    intent = pikepdf.Dictionary(
        Type=pikepdf.Name.OutputIntent, S=pikepdf.Name.GTS_PDFA1,
        OutputConditionIdentifier="sRGB", Info="sRGB", DestOutputProfile=profile,
    )  # fmt: skip
    names = ("DocumentType", "DocumentFileName", "Version", "ConformanceLevel")
    xmp = XMP.format(properties="".join(XMP_PROPERTY.format(name=name) for name in names))
    pdf.Root.AF = pikepdf.Array([spec])
    pdf.Root.Names = pikepdf.Dictionary(EmbeddedFiles=pikepdf.Dictionary(Names=pikepdf.Array(["factur-x.xml", spec])))
    pdf.Root.OutputIntents = pikepdf.Array([intent])
    pdf.Root.Metadata = pdf.make_stream(xmp.encode(), Type=pikepdf.Name.Metadata, Subtype=pikepdf.Name.XML)
    del pdf.docinfo  # it would have to agree with the XMP
    target = io.BytesIO()
    pdf.save(target, deterministic_id=True)
    return target.getvalue()


def encrypt(content: bytes) -> bytes:
    """The PDF with a password needed to open it (RC4: the newer ciphers draw random numbers)."""
    pdf = pikepdf.open(io.BytesIO(content))
    target = io.BytesIO()
    lock = pikepdf.Encryption(user="Lindenfurt", owner="Habermehl", R=3, aes=False, metadata=False)
    pdf.save(target, encryption=lock, static_id=True)
    return target.getvalue()


def _embedded_faces(font: str) -> tuple[str, str]:
    for face in FACES[font]:
        pdfmetrics.registerFont(TTFont(Path(face).stem, str(FONTS / face)))
    plain, bold = (Path(face).stem for face in FACES[font])
    return plain, bold


def _colour(rgb: tuple[int, int, int]) -> Color:
    return Color(*(value / 255 for value in rgb))


def _srgb() -> bytes:
    """An sRGB profile whose header carries no date and no checksum."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes.fromhex("07e90001000100000000" + "0000")
    profile[84:100] = bytes(16)
    return bytes(profile)
