"""What the engine is given to run. The steps know nothing of the engine, and the engine not what they mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import EnvironmentProblem
from models import Pending


@dataclass(frozen=True)
class Steps:
    """The steps of each kind in their order, and the acts that the engine needs around them.

    ``follow`` lists what the end of a Source's way gives rise to (its Documents);
    ``fail`` puts a thing into quarantine with a reason code; ``pending`` lists what is in no final state;
    ``again`` raises the attempt of what ended without a final state; ``alone`` is the command that runs a step
    and those after it in a process of its own and prints the outcome; ``settled`` says whether a thing is in its final
    state; ``probe`` raises what the machine suffers from now; ``stumbled`` counts an error that nobody foresaw, and
    raises UnforeseenLetterError when a thing was tried often enough; ``loops`` are acts beside the letters, each with
    the seconds between its rounds.
    """

    steps: Mapping[str, Sequence[tuple[str, Callable[[str], None]]]]
    follow: Callable[[str], list[Pending]]
    fail: Callable[[str, str, str, dict[str, Any]], None]
    pending: Callable[[], list[Pending]]
    again: Callable[[Pending], None]
    alone: Callable[[str, str, str], list[str]]
    settled: Callable[[str, str], bool]
    probe: Callable[[], None]
    stumbled: Callable[[str, str, EnvironmentProblem], None]
    loops: Mapping[str, tuple[Callable[[], object], float]]
