"""Image files as PDF pages, without loss: the coded bytes are kept where PDF knows the coding, else the
samples.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import img2pdf
import pikepdf
import pillow_heif
from PIL import Image, ImageChops

A4_POINTS = 595.276, 841.89
MAX_SIDE = 14_400  # points; ISO 32000-1, annex C
_COMPRESSION, _STRIPS, _ROWS, _G4 = 259, 273, 278, 4  # TIFF 6.0
_LONG = 64  # bytes of a stream that are not found in a file by chance
_ERRORS = (
    img2pdf.ImageOpenError, img2pdf.JpegColorspaceError, img2pdf.PdfTooLargeError, img2pdf.AlphaChannelError,
    img2pdf.ExifOrientationError, img2pdf.UnsupportedColorspaceError, img2pdf.NegativeDimensionError,
)  # fmt: skip
pillow_heif.register_heif_opener()


class ImageUnusable(Exception):
    """The image file cannot be turned into pages."""


def to_pdf(path: Path, media_type: str, dpi: Sequence[float]) -> bytes:
    """All frames of an image file as pages of a PDF, unturned. ``dpi``: of each page, as it was read.

    JPEG, PNG and CCITT streams are kept as they are (img2pdf); for other codings the samples are.
    Raises: ImageUnusable.
    """
    layout = _layout(dpi[0] if dpi else 300.0)
    options: dict[str, Any] = {"rotation": img2pdf.Rotation.none, "layout_fun": layout, "nodate": True}
    if media_type not in ("image/webp", "image/heic", "image/bmp"):
        try:
            strips = _one_strip_each(path) if media_type == "image/tiff" else None
            return bytes(img2pdf.convert(strips or str(path), **options))
        except (*_ERRORS, OSError, ValueError, TypeError, NotImplementedError, KeyError):
            pass  # the samples, then
    try:
        return bytes(img2pdf.convert([_png(frame) for frame in _frames(path)], **options))
    except (*_ERRORS, OSError, ValueError, TypeError, NotImplementedError, SyntaxError) as error:
        raise ImageUnusable(type(error).__name__) from error


def same_samples(path: Path, media_type: str, pdf: pikepdf.Pdf) -> bool:
    """Whether the pages of ``pdf`` show the very frames of an image file.

    The coded stream is compared where it was taken over, else the samples. Raises: OSError, pikepdf.PdfError.
    """
    data = path.read_bytes()
    for number, page in enumerate(pdf.pages):
        images = [one for one in page.resources.XObject.values() if isinstance(one, pikepdf.Stream)]
        (image,) = images  # img2pdf: one image a page
        raw = image.read_raw_bytes()
        if len(raw) > _LONG and raw in data:
            continue
        if media_type == "image/png" and raw == _idat(data):
            continue
        with Image.open(io.BytesIO(data)) as original:
            original.seek(number)
            if not _equal(original, image):
                return False
    return True


def _equal(frame: Image.Image, image: pikepdf.Stream) -> bool:
    """Whether a frame and an image XObject (with its soft mask) have the same samples."""
    shown = pikepdf.PdfImage(image).as_pil_image()
    if "/SMask" in image:
        alpha = frame.convert("RGBA").getchannel("A")
        if not isinstance(image.SMask, pikepdf.Stream):
            return False
        if pikepdf.PdfImage(image.SMask).as_pil_image().convert("L").tobytes() != alpha.tobytes():
            return False
        frame = frame.convert("RGBA").convert("RGB")
    frame = _on_paper(frame)
    grey = frame.mode in ("1", "L", "P", "I;16") and shown.mode in ("1", "L")
    mode = shown.mode if grey else "RGB"
    if frame.size != shown.size:
        return False
    differ = ImageChops.logical_xor if mode == "1" else ImageChops.difference
    return differ(frame.convert(mode), shown.convert(mode)).getbbox() is None


def _one_strip_each(path: Path) -> list[bytes] | None:
    """The frames of a G4 TIFF in many strips, coded anew in one strip each, which PDF takes as it is.

    None: it is no such file. (Strips cannot be joined bit by bit; the samples are compared afterwards.)
    """
    coded = []
    with Image.open(path) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            tags = getattr(image, "tag_v2", {})
            if image.mode != "1" or tags.get(_COMPRESSION) != _G4 or len(tags.get(_STRIPS, ())) < 2:
                return None
            buffer = io.BytesIO()
            resolution = {"dpi": image.info["dpi"]} if "dpi" in image.info else {}
            image.save(buffer, "TIFF", compression="group4", tiffinfo={_ROWS: image.height}, **resolution)
            coded.append(buffer.getvalue())
    return coded


def _idat(data: bytes) -> bytes:
    """The image data of a PNG file: its IDAT chunks in one (PNG specification, 11.2.4)."""
    parts, place = [], 8
    while place + 8 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        if data[place + 4 : place + 8] == b"IDAT":
            parts.append(data[place + 8 : place + 8 + length])
        place += 12 + length
    return b"".join(parts)


def png_pages(paths: Sequence[Path], sizes: Sequence[tuple[float, float]]) -> bytes:
    """Rendered pages as a PDF; ``sizes`` in points."""
    place = iter(sizes)

    def layout(*_: object) -> tuple[float, float, float, float]:
        wide, high = next(place)
        return wide, high, wide, high

    return bytes(img2pdf.convert([str(path) for path in paths], layout_fun=layout, nodate=True))


def _layout(dpi: float) -> Any:
    """The size of a page from its pixels: the file's own resolution where it is sane, else ``dpi``."""

    def layout(wide: int, high: int, own: tuple[float, float]) -> tuple[float, float, float, float]:
        across, down = own if own != (96.0, 96.0) and all(60 <= one <= 1300 for one in own) else (dpi, dpi)
        size = wide * 72 / across, high * 72 / down
        shrink = min(1.0, MAX_SIDE / max(size))
        grow = max(1.0, 3.0 / min(size))
        size = size[0] * shrink * grow, size[1] * shrink * grow
        return size[0], size[1], size[0], size[1]

    return layout


def _frames(path: Path) -> Iterator[Image.Image]:
    """One at a time: a long file would not fit into memory."""
    with Image.open(path) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            yield image.copy()


def chosen_frames(path: Path, pages: Sequence[int]) -> bytes:
    """Some frames (1-based) of an image file as a PDF, their samples without loss. Raises: ImageUnusable."""
    try:
        with Image.open(path) as image:
            frames = []
            for number in pages:
                image.seek(number - 1)
                frames.append(_png(image))
        return bytes(img2pdf.convert(frames, layout_fun=_layout(300.0), rotation=img2pdf.Rotation.none, nodate=True))
    except (*_ERRORS, OSError, EOFError, ValueError, TypeError, SyntaxError) as error:
        raise ImageUnusable(type(error).__name__) from error


def blanked_frames(path: Path, pages: Collection[int], target: Path) -> None:
    """Write an image file with some frames (1-based) white, in its own format, without loss. Raises: ImageUnusable."""
    try:
        frames = [
            Image.new(frame.mode, frame.size, "white") if number in pages else frame
            for number, frame in enumerate(_frames(path), 1)
        ]
        with Image.open(path) as image:
            kind = image.format
        lossless: dict[str, dict[str, Any]] = {
            "HEIF": {"quality": -1},
            "WEBP": {"lossless": True},
            "TIFF": {"compression": "tiff_lzw"},
        }
        frames[0].save(target, kind, save_all=True, append_images=frames[1:], **lossless.get(kind or "", {}))
    except (OSError, EOFError, ValueError, TypeError, KeyError, SyntaxError) as error:
        raise ImageUnusable(type(error).__name__) from error


def _on_paper(frame: Image.Image) -> Image.Image:
    """What is transparent shows white paper."""
    if frame.mode in ("RGBA", "LA", "PA") or "transparency" in frame.info:
        alpha = frame.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", alpha.size, "white"), alpha).convert("RGB")
    return frame


def _png(frame: Image.Image) -> bytes:
    """A frame as PNG on white paper, its samples kept where it has no transparency."""
    frame = _on_paper(frame)
    if frame.mode not in ("1", "L", "P", "RGB", "I;16"):
        frame = frame.convert("RGB")
    buffer = io.BytesIO()
    frame.save(buffer, "PNG", compress_level=3, **({"dpi": frame.info["dpi"]} if "dpi" in frame.info else {}))
    return buffer.getvalue()


def plain_pages(path: Path, dpi: Sequence[float]) -> bytes:
    """All frames as RGB samples without profiles. Raises: ImageUnusable."""
    try:
        frames = [_png(Image.frombytes("RGB", frame.size, frame.convert("RGB").tobytes())) for frame in _frames(path)]
        options: dict[str, Any] = {"layout_fun": _layout(dpi[0] if dpi else 300.0), "nodate": True}
        return bytes(img2pdf.convert(frames, **options))
    except (*_ERRORS, OSError, ValueError, TypeError, SyntaxError) as error:
        raise ImageUnusable(type(error).__name__) from error
