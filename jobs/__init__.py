"""The one place that knows the durable engine."""

from jobs.engine import Engine, outcome_line, submit_from_outside
from jobs.steps import DOCUMENT, SOURCE, Pending, Steps

__all__ = ["DOCUMENT", "SOURCE", "Engine", "Pending", "Steps", "outcome_line", "submit_from_outside"]
