"""Makes `samples/scans/` and `samples/expected.json` from `samples/letters.json`.

    python -m samples.make_samples           writes them anew
    python -m samples.make_samples --check   says what differs from a fresh run, writes nothing

Two runs give the same bytes: noise has a seed for each file, no file carries a date or a random id.
"""

import argparse
import io
import json
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import img2pdf
import numpy as np
from PIL import Image

from samples import digital
from samples.damage import deliver
from samples.letter import Letter, load_letters, plain_text
from samples.scan import draw_pages

HERE = Path(__file__).parent
JPEG_QUALITY = 45


def main() -> int:
    """Write the samples, or with --check compare them with a fresh run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="compare only, exit 1 on a difference")
    if not parser.parse_args().check:
        make(HERE)
        return 0
    with tempfile.TemporaryDirectory() as fresh:
        make(Path(fresh))
        differing = _differences(HERE, Path(fresh))
    for name in differing:
        print(f"differs: {name}")
    return 1 if differing else 0


def make(target: Path) -> None:
    """Make `scans/` and `expected.json` in the target folder; other files in `scans/` go."""
    letters = load_letters(HERE / "letters.json")
    scans = target / "scans"
    scans.mkdir(parents=True, exist_ok=True)
    contents: dict[str, bytes] = {}
    for letter in letters:
        _check_words(letter)
        contents[letter.file] = contents[letter.duplicate_of] if letter.duplicate_of else _content(letter)
        (scans / letter.file).write_bytes(contents[letter.file])
    for stray in set(scans.iterdir()) - {scans / name for name in contents}:
        stray.unlink()
    expected = [_expectation(letter, letters) for letter in letters]
    text = json.dumps(expected, ensure_ascii=False, indent=1) + "\n"
    (target / "expected.json").write_text(text, encoding="utf-8")


def _content(letter: Letter) -> bytes:
    """The bytes of one sample file."""
    rng = np.random.default_rng(zlib.crc32(letter.file.encode()))
    match letter.spoil:
        case "empty":
            return b""
        case "zip":
            return _word_processor_file()
        case "noise":
            return rng.bytes(6000)
    content = _whole(letter, rng)
    match letter.spoil:
        case "truncate":
            return content[: len(content) // 2]
        case "encrypt":
            return digital.encrypt(content)
    return content


def _whole(letter: Letter, rng: np.random.Generator) -> bytes:
    match letter.form:
        case "text":
            return plain_text(letter).encode()
        case "digital" | "digital_embedded":
            return digital.typed_pdf(letter, embed=letter.form == "digital_embedded")
        case "e_invoice":
            return digital.e_invoice(letter, (HERE / "factur-x.xml").read_bytes())
    pages = deliver(draw_pages(letter, rng), letter, rng)
    match letter.form:
        case "tiff":
            return _image_file(pages, letter, "TIFF")
        case "png" | "jpeg":
            return _image_file(pages, letter, letter.form.upper())
        case "pdf":
            coding = "TIFF" if letter.ink == "bilevel" else "JPEG"
            images = [_image_file([page], letter, coding) for page in pages]
            pdf: bytes = img2pdf.convert(images, nodate=True, engine=img2pdf.Engine.internal, producer="Scanstation 4")
            return pdf
    raise ValueError(f"{letter.file}: unknown form {letter.form}")


def _image_file(pages: list[Image.Image], letter: Letter, coding: str) -> bytes:
    """Pages in one image file: G4 in TIFF, sparing JPEG, PNG."""
    options: dict[str, dict[str, Any]] = {
        "TIFF": {"compression": "group4", "save_all": True, "append_images": pages[1:]},
        "JPEG": {"quality": JPEG_QUALITY, "optimize": True},
        "PNG": {"optimize": True},
    }
    target = io.BytesIO()
    pages[0].save(target, coding, dpi=(letter.dpi, letter.dpi), **options[coding])
    return target.getvalue()


def _word_processor_file() -> bytes:
    """A ZIP with the parts of a .docx, which somebody has named .pdf."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="http://schemas.openxmlformats.org/'
        'wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>Sehr geehrte Damen und Herren, anbei die '
        "Teilnehmerliste vom Stadtlauf.</w:t></w:r></w:p></w:body></w:document>"
    )
    types = (
        '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/'
        '2006/content-types"><Override PartName="/word/document.xml" ContentType="application/vnd.'
        'openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
    )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as package:
        for name, text in (("[Content_Types].xml", types), ("word/document.xml", body)):
            package.writestr(zipfile.ZipInfo(name, (2025, 11, 20, 8, 0, 0)), text)
    return target.getvalue()


def _check_words(letter: Letter) -> None:
    """The words that tests look for must stand on the page that they are expected on."""
    for number, words in enumerate((letter.words, letter.words_page2)):
        page = " ".join(letter.pages[number]) if words else ""
        if number == 0 and words:
            page += " ".join(["", letter.subject, letter.signer, *letter.sender])
        missing = [word for word in words if word not in page]
        if missing:
            raise ValueError(f"{letter.file}: page {number + 1} lacks {missing}")


def _expectation(letter: Letter, letters: list[Letter]) -> dict[str, Any]:
    """The line of `expected.json` for one file."""
    first = next((other for other in letters if other.file == letter.duplicate_of), letter)
    entry: dict[str, Any] = {
        "file": letter.file,
        "nature": letter.nature,
        "state": letter.state,
        "unit": letter.unit,
        "words": first.words,
        "upright": letter.turn,
        "reference": letter.reference,
    }
    optional = {
        "reason": letter.reason,
        "duplicate_of": letter.duplicate_of,
        "words_page2": first.words_page2,
    }
    return entry | {key: value for key, value in optional.items() if value}


def _differences(ours: Path, fresh: Path) -> list[str]:
    names = {
        str(path.relative_to(base))
        for base in (ours, fresh)
        for path in [base / "expected.json", *(base / "scans").glob("*")]
    }
    return sorted(
        name
        for name in names
        if not ((ours / name).exists() and (fresh / name).exists())
        or (ours / name).read_bytes() != (fresh / name).read_bytes()
    )


if __name__ == "__main__":
    sys.exit(main())
