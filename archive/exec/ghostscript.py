"""Ghostscript's pdfwrite: draws a PDF anew, with fonts embedded. Its result counts only after the
equality gate.
"""

from __future__ import annotations

from pathlib import Path

from core.program import Limits, run

_LIMITS = Limits(seconds=60, cpu_seconds=60)
_LOSSLESS = [
    f"-d{setting}"
    for kind in ("Color", "Gray")
    for setting in (
        f"AutoFilter{kind}Images=false",
        f"{kind}ImageFilter=/FlateEncode",
        f"Downsample{kind}Images=false",
    )
]


def rewrite(source: Path, target: Path) -> None:
    """Write ``source`` anew as ``target``, colours in RGB, images without loss (JPEG streams pass through).

    Raises: ProgramMissing, ProgramFailed.
    """
    options = ["-dPDFA=2", "-dPDFACompatibilityPolicy=1", "-sColorConversionStrategy=RGB", *_LOSSLESS]
    options += ["-dDownsampleMonoImages=false", "-dAutoRotatePages=/None", "-dEmbedAllFonts=true"]
    options += ["-dSubsetFonts=true", "-dPreserveAnnots=true", "-dCompatibilityLevel=1.7"]
    quiet = ["-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=pdfwrite"]
    run(["gs", *quiet, *options, f"-sOutputFile={target}", "-f", str(source)], _LIMITS)
