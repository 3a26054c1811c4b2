"""The one place that knows the durable engine."""

from jobs.engine import Engine, outcome_line, submit_from_outside
from jobs.steps import Steps

__all__ = ["Engine", "Steps", "outcome_line", "submit_from_outside"]
