"""The key of a file reference: what stays the same however it is printed, typed or read."""

from __future__ import annotations

# letters and digits that OCR takes for one another fold to one sign
_FOLD = str.maketrans(
    {"O": "0", "Q": "0", "D": "0", "I": "1", "L": "1", "|": "1", "!": "1", "S": "5", "Z": "2", "B": "8"}
)


def reference_key(reference: str) -> str:
    """A reference without separators, in capitals, look-alikes folded."""
    plain = "".join(char for char in reference.upper().replace("RN", "M") if char.isalnum() or char in "|!")
    return plain.translate(_FOLD)
