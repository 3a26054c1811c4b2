"""XMP metadata of a PDF/A (ISO 19005-2, 6.6), written anew: what is not in a predefined schema is not
taken over.

The one exception is Factur-X / ZUGFeRD: its four properties are kept, with the extension schema that
describes them (6.6.2.3.3), so that a reader of invoices still knows which attachment is the invoice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from xml.sax.saxutils import escape, unescape

FACTURX = ("DocumentType", "DocumentFileName", "Version", "ConformanceLevel")
_FACTURX_URI = re.compile(rb'xmlns:\w+\s*=\s*["\'](urn:(?:factur-x|zugferd|ferd)[^"\']*)["\']')
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Xmp:
    """What the packet says."""

    part: int
    conformance: str  # B or U
    title: str = ""
    language: str = ""
    author: str = ""
    created: str = ""  # ISO 8601
    producer: str = ""
    facturx: Mapping[str, str] = field(default_factory=dict)  # the four properties and "uri"

    def at(self, part: int, conformance: str) -> Xmp:
        """The same, for another flavour."""
        return replace(self, part=part, conformance=conformance)


def facturx_of(packet: bytes) -> dict[str, str]:
    """The Factur-X / ZUGFeRD properties in an XMP packet; none: an empty dictionary."""
    found = _FACTURX_URI.search(packet)
    if found is None:
        return {}
    uri = found.group(1)
    prefixes = re.findall(rb"xmlns:(\w+)\s*=\s*[\"']" + re.escape(uri), packet)
    values = {"uri": uri.decode()}
    for prefix in dict.fromkeys(prefixes):
        for name in FACTURX:
            key = re.escape(prefix) + b":" + name.encode()
            value = re.search(rb"<" + key + rb">\s*([^<]*?)\s*</|" + key + rb"\s*=\s*[\"']([^\"']*)[\"']", packet)
            if value:
                values[name] = unescape((value.group(1) or value.group(2) or b"").decode("utf-8", "replace"))
    return values if len(values) > 1 else {}


def packet(xmp: Xmp) -> bytes:
    """The XMP packet, read-only, without padding."""
    lines = [
        f"<pdfaid:part>{xmp.part}</pdfaid:part><pdfaid:conformance>{xmp.conformance}</pdfaid:conformance>",
        "<dc:format>application/pdf</dc:format>",
    ]
    if xmp.title:
        title = f'<rdf:li xml:lang="x-default">{_text(xmp.title)}</rdf:li>'
        lines.append(f"<dc:title><rdf:Alt>{title}</rdf:Alt></dc:title>")
    if xmp.author:
        lines.append(f"<dc:creator><rdf:Seq><rdf:li>{_text(xmp.author)}</rdf:li></rdf:Seq></dc:creator>")
    if xmp.language:
        lines.append(f"<dc:language><rdf:Bag><rdf:li>{_text(xmp.language)}</rdf:li></rdf:Bag></dc:language>")
    if xmp.created:
        lines.append(f"<xmp:CreateDate>{_text(xmp.created)}</xmp:CreateDate>")
    if xmp.producer:
        lines.append(f"<pdf:Producer>{_text(xmp.producer)}</pdf:Producer>")
    described = '<rdf:Description rdf:about=""{spaces}>{body}</rdf:Description>'
    spaces = (
        ' xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"'
    )
    body = described.format(spaces=spaces, body="".join(lines))
    if xmp.facturx:
        body += _facturx(xmp.facturx)
    rdf = f'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">{body}</rdf:RDF>'
    whole = (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{rdf}</x:xmpmeta><?xpacket end="r"?>'
    )
    return whole.encode()


def _facturx(values: Mapping[str, str]) -> str:
    uri = _text(values["uri"])
    names = [name for name in FACTURX if name in values]
    properties = "".join(
        '<rdf:li rdf:parseType="Resource">'
        f"<pdfaProperty:name>{name}</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType>"
        "<pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{name} of the embedded invoice</pdfaProperty:description></rdf:li>"
        for name in names
    )
    schema = (
        '<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"'
        ' xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">'
        '<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">'
        "<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>"
        f"<pdfaSchema:namespaceURI>{uri}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property>"
        "</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"
    )
    body = "".join(f"<fx:{name}>{_text(values[name])}</fx:{name}>" for name in names)
    return schema + f'<rdf:Description rdf:about="" xmlns:fx="{uri}">{body}</rdf:Description>'


def _text(value: str) -> str:
    return escape(_ILLEGAL.sub("", value), {'"': "&quot;"})
