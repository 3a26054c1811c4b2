"""A reading process: Tesseract's library, one page after the other. ``readers.py`` starts it; nobody imports it.

Argument: the folder of the language data. Standard input: one question a line (JSON: image, dpi, segmentation,
languages). Standard output: for each the length of the hOCR on a line, then the hOCR. It ends with its input.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from pathlib import Path

import tesserocr

PR_SET_NAME = 15  # prctl(2)


def main() -> None:
    """Answer until the input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever the library prints is no answer
    ctypes.CDLL(None).prctl(PR_SET_NAME, b"tesseract", 0, 0, 0)  # what people see in ps
    engines: dict[str, tesserocr.PyTessBaseAPI] = {}
    for line in sys.stdin.buffer:
        question = json.loads(line)
        languages = question["languages"]
        if languages not in engines:
            engine = tesserocr.PyTessBaseAPI(path=sys.argv[1], lang=languages, oem=tesserocr.OEM.LSTM_ONLY)
            engine.SetVariable("tessedit_enable_doc_dict", "0")  # no page may teach the next one words
            engine.SetVariable("textord_all_prop", "1")  # the network needs no cells of fixed pitch
            engines[languages] = engine
        engine = engines[languages]
        # a binary PGM as OpenCV writes it; Leptonica would read it byte by byte
        _, size, _, pixels = Path(question["image"]).read_bytes().split(b"\n", 3)
        width, height = map(int, size.split())
        engine.SetPageSegMode(question["segmentation"])
        engine.SetImageBytes(pixels, width, height, 1, width)
        engine.SetSourceResolution(question["dpi"])
        hocr = engine.GetHOCRText(0).encode()
        answers.write(b"%d\n%b" % (len(hocr), hocr))
        answers.flush()


if __name__ == "__main__":
    main()
