"""The room's errors, in the tree of core.errors."""

from __future__ import annotations

from core.errors import IntegrityError, UsageError


class CorruptModel(IntegrityError):
    """A stored routing model is damaged or foreign; the version before it stays in use. Detail: ``why``."""

    code = "corrupt_model"


class BadCatalogue(UsageError):
    """The catalogue of tasks is not a list of {office_kind, task, official, lay}. Detail: ``why``."""

    code = "bad_catalogue"


class NothingKnown(UsageError):
    """There is neither a unit with duties nor a labelled letter to learn from."""

    code = "nothing_to_learn_from"


class RetrainAdvised(UsageError):
    """A quick update is not safe here: train in full."""

    code = "retrain_advised"
