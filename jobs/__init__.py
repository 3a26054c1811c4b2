"""The one place that knows the durable engine."""

from jobs.engine import Engine, submit_from_outside
from jobs.outcome import outcome_line
from jobs.steps import Steps

__all__ = ["Engine", "Steps", "outcome_line", "submit_from_outside"]
