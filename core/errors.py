"""One error tree. A class knows its words, its exit code and whether waiting helps.

    AktenlotseError
    ├── UsageError            the person asked for something that cannot be (exit 2)
    │   ├── NotFound          unknown id, or one that the actor may not see (both answer alike)
    │   ├── Forbidden         the actor may not do this
    │   └── HomeMissing       no home folder here
    ├── LetterError           the letter's own fault: it goes to quarantine (exit 3)
    │   └── UnforeseenLetterError   our program's, after all tries on a machine that is well
    ├── EnvironmentProblem    the machine's fault: waiting or repairing helps (exit 4)
    │   ├── ProgramMissing
    │   ├── ProgramFailed
    │   ├── ValidatorUnavailable
    │   ├── StorageFull
    │   ├── IndexUnreachable
    │   └── UnexpectedProblem   nobody foresaw it: a bug of ours
    └── IntegrityError        something stored is not what it was (exit 5)

The words stand in the catalogue under ``error.<code>``; letters' reasons under ``reason.<code>``.
"""

from __future__ import annotations

from enum import IntEnum

from core.i18n import text
from core.names import shown_name


class Exit(IntEnum):
    """Exit codes of the command line."""

    OK = 0
    FAILED = 1
    USAGE = 2
    QUARANTINED = 3
    ENVIRONMENT = 4
    INTEGRITY = 5


class AktenlotseError(Exception):
    """Base of all errors that a person is told about.

    ``code`` names the sentence in the catalogue, ``details`` fill its gaps. They never hold letter contents.
    """

    prefix = "error"
    code = "failed"
    exit = Exit.FAILED
    retry = False

    def __init__(self, code: str | None = None, /, **details: object) -> None:
        self.code = code or type(self).code
        # a path that is no text would end whoever prints or stores the sentence
        self.details = {name: shown_name(it) if isinstance(it, str) else it for name, it in details.items()}
        super().__init__(self.code, self.details)

    def sentence(self, language: str | None = None) -> str:
        """The sentence for the person: what, why, what to do."""
        return text(f"{self.prefix}.{self.code}", language, **self.details)

    def __str__(self) -> str:
        return self.sentence()


class UsageError(AktenlotseError):
    """The person asked for something that cannot be."""

    code = "usage"
    exit = Exit.USAGE


class NotFound(UsageError):
    """Unknown id, or one that the actor may not see: both answer alike (promise 7)."""

    code = "not_found"


class Forbidden(UsageError):
    """The actor may not do this."""

    code = "forbidden"


class HomeMissing(UsageError):
    """There is no home folder here."""

    code = "home_missing"


class LetterError(AktenlotseError):
    """The letter itself cannot be processed; ``code`` is the reason code of the quarantine."""

    prefix = "reason"
    code = "unreadable_file"
    exit = Exit.QUARANTINED


class UnforeseenLetterError(LetterError):
    """Our program cannot process this letter: tried often enough while the machine was well. Our fault, not its."""

    code = "internal_error"


class EnvironmentProblem(AktenlotseError):
    """The machine's fault, not the letter's: it stays ``working`` and is tried again."""

    code = "environment"
    exit = Exit.ENVIRONMENT
    retry = True


class ProgramMissing(EnvironmentProblem):
    """An external program is not installed."""

    code = "program_missing"


class ProgramFailed(EnvironmentProblem):
    """An external program ended with an error, a signal or a time-out."""

    code = "program_failed"


class ValidatorUnavailable(EnvironmentProblem):
    """The PDF/A validator does not start: no verdict can be had, so nothing is sealed."""

    code = "validator_unavailable"


class StorageFull(EnvironmentProblem):
    """No space is left on the device."""

    code = "storage_full"


class UnexpectedProblem(EnvironmentProblem):
    """An error that nobody foresaw: a bug of ours until it is known better (``details['kind']`` is its class)."""

    code = "unexpected"


class IndexUnreachable(EnvironmentProblem):
    """The search engine does not answer; intake goes on."""

    code = "index_unreachable"


class IntegrityError(AktenlotseError):
    """Something stored is not what it was."""

    code = "integrity"
    exit = Exit.INTEGRITY
