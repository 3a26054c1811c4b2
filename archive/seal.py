"""The PDF/A ladder: the gentlest way to a PDF/A that veraPDF accepts and that equals the original.

    (a) scans: image streams as they are, our text layer      (b) already PDF/A with text or signature:
    untouched (c) born-digital: repaired, else drawn anew by Ghostscript  (d) pages as images with their
    text (e) none: the original alone is the record

Promise 3: nothing is called PDF/A without a verdict; a rung that fails verdict or gate gives way to the next.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pikepdf
from pikepdf.models.metadata import decode_pdf_date

from archive import images, normalise, plaintext, scan
from archive.attachments import carry_attachments, has_attachments, own_filespecs
from archive.exec import ghostscript, poppler
from archive.exec.verapdf import Validates, Verdict
from archive.fonts import embed_standard_fonts
from archive.gate import CHANGED, CHANGED_PICTURE, Gate, Reference
from archive.jpx import decode_jpx
from archive.objects import MALFORMED, dictionaries
from archive.textlayer import PageLayer, Word, add_text
from archive.xmp import Xmp, facturx_of
from core.errors import EnvironmentProblem, ProgramFailed, StorageFull
from core.faults import of_system
from core.logs import log

Rung = Literal["a", "b", "c", "d", "e"]
PRODUCER = "Aktenlotse"
RENDER_DPI = 200
MAX_PIXELS = 40_000_000  # of a page that is rendered
_LOG = log(__name__)
_FAILS: tuple[type[Exception], ...] = (*MALFORMED, ProgramFailed, images.ImageUnusable)  # a rung that gives way
_FREE_BYTES = 32 << 20  # less than this: a failing rung is blamed on the disk


@dataclass(frozen=True, slots=True)
class SealJob:
    """A letter to be sealed: ``original`` holds its pages alone. ``layers``: one a page, in order."""

    original: Path
    media_type: str
    layers: tuple[PageLayer, ...]
    title: str
    language: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """What came of it. ``verdict`` holds the validator's words and, under ``tried``, the rungs that gave
    way.
    """

    pdf: Path | None
    rung: Rung
    flavour: str | None
    valid: bool
    verdict: Mapping[str, Any]
    gate: Mapping[str, Any]
    warnings: tuple[str, ...]


@dataclass(slots=True)
class _Attempt:
    pdf: Path
    verdict: Verdict
    gate: dict[str, Any]
    passed: bool


@dataclass(slots=True)
class _Ladder:
    job: SealJob
    validator: Validates
    scratch: Path
    warnings: set[str] = field(default_factory=set)
    tried: list[dict[str, Any]] = field(default_factory=list)
    measured: Reference | None = None

    def climb(self) -> Sealed:
        """Try the rungs of the media type in their order."""
        for rung, step in self._rungs():
            before = set(self.warnings)
            try:
                attempt = step()
            except Exception as error:  # noqa: BLE001  the boundary of a rung: what strangers made can raise anything
                self._blame_machine(error)
                expected = isinstance(
                    error, (pikepdf.PdfError, pikepdf.PasswordError, ProgramFailed, images.ImageUnusable)
                )
                extra = {"rung": rung, "step": step.__name__, "why": type(error).__name__}
                _LOG.warning("rung_failed", extra=extra, exc_info=None if expected else error)
                self.warnings = before
                self.tried.append({"rung": rung, "step": step.__name__.strip("_"), "error": type(error).__name__})
                continue
            if attempt is None:
                continue
            if attempt.verdict.valid and attempt.passed:
                return self._sealed(rung, attempt)
            self.warnings = before
            said = {
                "failed": dict(attempt.verdict.failed),
                "error": attempt.verdict.error,
                "gate": attempt.gate,
            }
            self.tried.append({"rung": rung, "step": step.__name__.strip("_"), **said})
        self.warnings.add("no_pdfa")
        return Sealed(None, "e", None, False, {"tried": self.tried}, {}, tuple(sorted(self.warnings)))

    def _rungs(self) -> Iterator[tuple[Rung, Callable[[], _Attempt | None]]]:
        if self.job.media_type == "text/plain":
            yield "c", self._laid_out
        elif self.job.media_type == "application/pdf" and self._is_stand_in():
            self.warnings.add("xfa_dynamic")
        elif self.job.media_type == "application/pdf":
            yield "b", self._kept
            yield "a", self._scanned
            yield "c", self._repaired
            yield "c", self._redrawn
            yield "d", self._pictured
        else:
            yield "a", self._wrapped
            yield "d", self._resampled

    def _sealed(self, rung: Rung, attempt: _Attempt) -> Sealed:
        verdict = attempt.verdict.as_dict()
        if self.tried:
            verdict["tried"] = self.tried
        warnings = tuple(sorted(self.warnings))
        return Sealed(attempt.pdf, rung, attempt.verdict.flavour, True, verdict, attempt.gate, warnings)

    def _blame_machine(self, error: Exception) -> None:
        """Raise what is no fault of the letter: it is tried again when the machine is well."""
        if isinstance(error, EnvironmentProblem) and not isinstance(error, ProgramFailed):
            raise error
        if isinstance(error, OSError) and (fault := of_system(error)) is not None:
            raise fault from error
        if shutil.disk_usage(self.scratch).free < _FREE_BYTES:
            raise StorageFull(path=str(self.scratch))

    # --- rungs of a PDF ---------------------------------------------------------------------------

    def _needs_text(self, pdf: pikepdf.Pdf) -> bool:
        """Whether a page is an image only, without a good text layer of its own."""
        pairs = zip(pdf.pages, self._layers(len(pdf.pages)), strict=True)
        return any(not layer.own_text and scan.look(page).only_images for page, layer in pairs)

    def _is_stand_in(self) -> bool:
        """Whether the pages only ask to open the file elsewhere: the letter is a form that a viewer builds."""
        try:
            with self._open() as pdf:
                return normalise.is_dynamic_xfa(pdf)
        except Exception:  # noqa: BLE001  the rungs will say what is wrong with it
            return False

    def _kept(self) -> _Attempt | None:
        """(b) A PDF/A with text, a signature or attachments stays as it is."""
        with self._open() as pdf:
            metadata = pdf.Root.get("/Metadata")
            claims = isinstance(metadata, pikepdf.Stream) and b"pdfaid" in metadata.read_bytes()
            if not claims or not (_is_signed(pdf) or has_attachments(pdf) or not self._needs_text(pdf)):
                return None
            count = len(pdf.pages)
        verdict = self.validator.validate(self.job.original)
        return _Attempt(self.job.original, verdict, {"pages": count, "bytes_equal": True, "passed": True}, True)

    def _scanned(self) -> _Attempt | None:
        """(a) A PDF whose pages are images: the same streams, with our text layer."""
        with self._open() as pdf, self._open() as before:
            looks = [scan.look(page) for page in pdf.pages]
            if not all(one.only_images for one in looks) or has_attachments(pdf):
                return None
            if scan.has_symbolic_jbig2(pdf):
                self.warnings.add("jbig2_symbols")
            self._drop_old_text(pdf, looks)
            return self._image_attempt(pdf, before, "a")

    def _repaired(self) -> _Attempt:
        """(c) What is forbidden is taken out; the pages paint as they did."""
        with self._open() as pdf:
            self._drop_old_text(pdf, [scan.look(page) for page in pdf.pages])
            target, verdict = self._finish(pdf, self._xmp(pdf), "repaired")
        return self._gated(target, verdict)

    def _redrawn(self) -> _Attempt:
        """(c) Ghostscript draws it anew; attachments are put back."""
        before, drawn = self.scratch / "before-gs.pdf", self.scratch / "gs.pdf"
        with self._open() as pdf:
            xmp = self._xmp(pdf)
            if "/AcroForm" in pdf.Root:
                if pdf.Root.AcroForm.get("/NeedAppearances", False):
                    pdf.generate_appearance_streams()
                pdf.flatten_annotations("screen")
                self.warnings.add("form_flattened")
            if "/OCProperties" in pdf.Root:
                self.warnings.add("layers_flattened")
            if _is_signed(pdf):
                self.warnings.add("signature_only_in_original")
            pdf.save(before, encryption=False)
            ghostscript.rewrite(before, drawn)
            with pikepdf.open(drawn) as anew:
                if has_attachments(pdf):
                    carry_attachments(pdf, anew)
                target, verdict = self._finish(anew, xmp, "redrawn")
        return self._gated(target, verdict)

    def _pictured(self) -> _Attempt:
        """(d) Pages as images, with the words as invisible text."""
        flat = self.scratch / "unturned.pdf"
        with self._open() as pdf:
            turns = [int(page.rotation) % 360 for page in pdf.pages]
            boxes = [[float(value) for value in page.mediabox] for page in pdf.pages]
            for page in pdf.pages:
                page.rotate(0, relative=False)
            xmp = self._xmp(pdf)
            pdf.save(flat, encryption=False)
            sizes = [(abs(box[2] - box[0]), abs(box[3] - box[1])) for box in boxes]
            words = poppler.words(flat)
            paths = []
            for number, (wide, high) in enumerate(sizes, 1):
                dpi = min(RENDER_DPI, int((MAX_PIXELS / max(1.0, wide * high)) ** 0.5 * 72))
                paths.append(poppler.render(flat, self.scratch, "picture", number, dpi=max(20, dpi), grey=False))
            layers = [
                _own_layer(page_words, size, turn) if layer.own_text else layer
                for layer, page_words, size, turn in zip(self._layers(len(sizes)), words, sizes, turns, strict=True)
            ]
            pictures = self.scratch / "pictures.pdf"
            pictures.write_bytes(images.png_pages(paths, sizes))
            with pikepdf.open(pictures) as anew:
                if has_attachments(pdf):
                    carry_attachments(pdf, anew)
                target, verdict = self._finish(anew, xmp, "pictured", layers)
        self.warnings.add("pages_as_images")
        return self._gated(target, verdict, CHANGED_PICTURE)

    # --- rungs of images and text -----------------------------------------------------------------

    def _wrapped(self) -> _Attempt:
        """(a) An image file's own streams as pages."""
        wrapped = self.scratch / "wrapped.pdf"
        dpi = [layer.dpi for layer in self.job.layers]
        wrapped.write_bytes(images.to_pdf(self.job.original, self.job.media_type, dpi))
        with pikepdf.open(wrapped) as pdf, pikepdf.open(wrapped) as before:
            attempt = self._image_attempt(pdf, before, "a")
            if attempt.passed and not images.same_samples(self.job.original, self.job.media_type, before):
                attempt.passed = False
                attempt.gate |= {"samples_differ": True, "passed": False}
            return attempt

    def _resampled(self) -> _Attempt:
        """(d) An image file's samples, without what came with them (profiles, odd colour spaces)."""
        plain = self.scratch / "plain.pdf"
        plain.write_bytes(images.plain_pages(self.job.original, [layer.dpi for layer in self.job.layers]))
        with pikepdf.open(plain) as pdf, pikepdf.open(plain) as before:
            self.warnings.add("pages_as_images")
            return self._image_attempt(pdf, before, "d")

    def _laid_out(self) -> _Attempt:
        """(c) Plain text, set in an embedded font."""
        text = plaintext.decode(self.job.original.read_bytes())
        data, complete = plaintext.to_pdf(text)
        laid = self.scratch / "laid-out.pdf"
        laid.write_bytes(data)
        if not complete:
            self.warnings.add("characters_replaced")
        with pikepdf.open(laid) as pdf:
            count = len(pdf.pages)
            target, verdict = self._finish(pdf, self._xmp(pdf), "text", ())
        return _Attempt(target, verdict, {"pages": count, "characters_complete": complete, "passed": True}, True)

    # --- what the rungs share ---------------------------------------------------------------------

    @contextmanager
    def _open(self) -> Iterator[pikepdf.Pdf]:
        """The original. Raises: pikepdf.PdfError (also for a password)."""
        with pikepdf.open(self.job.original, suppress_warnings=True) as pdf:
            own_filespecs(pdf)
            yield pdf

    def _layers(self, count: int) -> list[PageLayer]:
        """The layers of ``count`` pages; a page of which nothing is known gets none."""
        nothing = PageLayer(1, 1, 0, 0.0, (), 300.0, True)
        return [*self.job.layers[:count], *[nothing] * (count - len(self.job.layers))]

    def _drop_old_text(self, pdf: pikepdf.Pdf, looks: list[scan.Look]) -> None:
        for page, one, layer in zip(pdf.pages, looks, self._layers(len(looks)), strict=True):
            if one.hidden_text and not layer.own_text:
                scan.drop_hidden_text(pdf, page)

    def _image_attempt(self, pdf: pikepdf.Pdf, before: pikepdf.Pdf, name: str) -> _Attempt:
        target, verdict = self._finish(pdf, self._xmp(pdf), name)
        if not verdict.valid:
            return _Attempt(target, verdict, {}, False)
        with pikepdf.open(target) as after:
            found = scan.compare_images(before, after)
            equal = len(after.pages) == len(before.pages)
        gate = {
            "pages": len(before.pages),
            "images_identical": found.identical,
            "images_rewrapped": found.rewrapped,
        }
        passed = equal and not found.lost
        return _Attempt(target, verdict, {**gate, "images_lost": found.lost, "passed": passed}, passed)

    def _gated(self, target: Path, verdict: Verdict, limit: float = CHANGED) -> _Attempt:
        if not verdict.valid:
            return _Attempt(target, verdict, {}, False)
        if self.measured is None:
            layers = self.job.layers
            own = {number for number, layer in enumerate(layers) if layer.own_text}
            self.measured = Reference(self._original_pages(), self.scratch, own)
        gate: Gate = self.measured.compare(target, limit)
        return _Attempt(target, verdict, gate.as_dict(), gate.passed)

    def _original_pages(self) -> Path:
        """The pages, untouched, turned as the PDF/A will be (so that pictures can be compared)."""
        reference = self.scratch / "reference.pdf"
        with self._open() as pdf:
            for page, layer in zip(pdf.pages, self._layers(len(pdf.pages)), strict=True):
                if not layer.own_text:
                    page.rotate(layer.orientation, relative=False)
            pdf.save(reference, encryption=False)
        return reference

    def _xmp(self, pdf: pikepdf.Pdf) -> Xmp:
        metadata = pdf.Root.get("/Metadata")
        old = metadata.read_bytes() if isinstance(metadata, pikepdf.Stream) else b""
        created, author = "", ""
        if "/Info" in pdf.trailer and self.job.media_type == "application/pdf":
            author = str(pdf.docinfo.get("/Author", ""))
            try:
                created = decode_pdf_date(str(pdf.docinfo.get("/CreationDate", ""))).isoformat(timespec="seconds")
            except ValueError:
                created = ""
        part = 3 if has_attachments(pdf) else 2
        language = self.job.language if re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]+)*", self.job.language) else ""
        return Xmp(part, "U", self.job.title, language, author, created, PRODUCER, facturx_of(old))

    def _finish(
        self, pdf: pikepdf.Pdf, xmp: Xmp, name: str, layers: list[PageLayer] | tuple[()] | None = None
    ) -> tuple[Path, Verdict]:
        """Normalise, lay the text, save and validate; answer some findings by a repair and try again."""
        self.warnings |= normalise.normalise(pdf)
        chosen = self._layers(len(pdf.pages)) if layers is None else layers
        pairs = list(zip(pdf.pages, chosen, strict=False))
        add_text(pdf, [(page, layer) for page, layer in pairs if layers is not None or not layer.own_text])
        for page, layer in pairs:
            if layers is not None or not layer.own_text:
                page.rotate(layer.orientation, relative=False)
        if scan.uses_cmyk(pdf):
            normalise.use_default_cmyk(pdf)
        target = self.scratch / f"{name}.pdf"
        answered: set[str] = set()
        while True:
            normalise.write_metadata(pdf, xmp)
            normalise.save(pdf, target)
            verdict = self.validator.validate(target)
            repair = next((key for key in _REPAIRS if key not in answered and _fails(verdict, key)), None)
            if verdict.valid or repair is None:
                return target, verdict
            answered.add(repair)
            if repair == _UNICODE:
                xmp = xmp.at(xmp.part, "B")
            else:
                _REPAIRS[repair](pdf)


_UNICODE = "6.2.11.7"  # no Unicode for some code: conformance B instead of U
_REPAIRS: Mapping[str, Callable[[pikepdf.Pdf], None]] = {
    "6.2.11.4.1": embed_standard_fonts,
    "6.2.4.3-3": normalise.use_default_cmyk,
    "6.2.8.3": decode_jpx,
    _UNICODE: lambda _: None,
}


def _fails(verdict: Verdict, clause: str) -> bool:
    return any(key.startswith(clause) for key in verdict.failed)


def _is_signed(pdf: pikepdf.Pdf) -> bool:
    return any(item.get("/FT") == "/Sig" and "/V" in item for item in dictionaries(pdf))


def _own_layer(lines: list[list[tuple[str, poppler.Box]]], size: tuple[float, float], turn: int) -> PageLayer:
    """The page's own words as a layer in tenths of a point."""
    words = tuple(
        tuple(
            Word(text, (round(box[0] * 10), round(box[1] * 10), round(box[2] * 10), round(box[3] * 10)))
            for text, box in line
        )
        for line in lines
    )
    return PageLayer(round(size[0] * 10), round(size[1] * 10), turn, 0.0, words, 720.0, True)


def seal(job: SealJob, validator: Validates, scratch: Path) -> Sealed:
    """Make the PDF/A of a letter. ``scratch`` is an empty folder of the caller, where the result lies.

    Rung (b) answers with the original's own path. Raises: ProgramMissing, ValidatorUnavailable (the validator
    does not start), StorageFull.
    """
    return _Ladder(job, validator, scratch).climb()
