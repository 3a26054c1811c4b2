"""The terminal: what is printed is text. No markup is obeyed, no control character reaches it."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from core.foreign import visible


class Screen(Console):
    """A console for words of others: whatever way they come (a cell, a sentence, a progress bar), they are shown."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, highlight=False, emoji=False)

    def render_str(self, text: str, **options: Any) -> Text:
        """As of Console, of visible characters."""
        return super().render_str(visible(text), **options)

    def print(self, *objects: Any, **options: Any) -> None:
        """As of Console; a Text is made visible in its place."""
        for one in objects:
            if isinstance(one, Text):
                one.plain = visible(one.plain)
        super().print(*objects, **options)
