"""What comes from letters and other people is shown, never obeyed: by a terminal, by a log, by who reads along.

Control characters (ISO 6429: C0, DEL, C1) can rewrite a terminal; those that turn the direction of writing (UAX #9) can
make one name look like another; halves of surrogate pairs stand for bytes of a file name that are no UTF-8.
"""

from __future__ import annotations

import re

_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_PICTURES = 0x2400  # Unicode's pictures of C0 stand in their order


def visible(text: str) -> str:
    """``text`` with a visible sign in the place of each character that steers; line ends and tabs stay."""
    return _STEERING.sub(_picture, text)


def visible_line(text: str) -> str:
    """As :func:`visible`, and in one line."""
    return visible(text).replace("\n", "␊").replace("\t", " ")


def escaped(json_text: str) -> str:
    """JSON that means the same, with the characters that steer written as JSON escapes (RFC 8259 section 7)."""
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", json_text)


def _picture(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return chr(_PICTURES + code)
    return "␡" if code == 0x7F else "�"
