"""Text of a letter to the responsible office, with a confidence, and the courage to say "I do not know".

The room's front door. It imports ``models`` and ``core`` only, and reads no file but a model version and the catalogue.
"""

from classify.card import ModelCard
from classify.decision import Abstained, Decision, Routed, decide
from classify.errors import BadCatalogue, CorruptModel, NothingKnown, RetrainAdvised
from classify.evaluation import Evaluation, evaluate
from classify.forgetting import forget, knows
from classify.knowledge import load_catalogue, match_tasks
from classify.learning_curve import accuracy_after, learning_curve
from classify.letters import Budget, Example, Task, UnitProfile
from classify.registry import load, save
from classify.remapping import Part, merged, parts_of, split
from classify.router import Candidate, Ranking, TrainedRouter
from classify.threshold import Threshold
from classify.training import train
from classify.updating import room_for_updates, update

__all__ = [
    "Abstained",
    "BadCatalogue",
    "Budget",
    "Candidate",
    "CorruptModel",
    "Decision",
    "Evaluation",
    "Example",
    "ModelCard",
    "NothingKnown",
    "Part",
    "Ranking",
    "RetrainAdvised",
    "Routed",
    "Task",
    "Threshold",
    "TrainedRouter",
    "UnitProfile",
    "accuracy_after",
    "decide",
    "evaluate",
    "forget",
    "knows",
    "learning_curve",
    "load",
    "load_catalogue",
    "match_tasks",
    "merged",
    "parts_of",
    "room_for_updates",
    "save",
    "split",
    "train",
    "update",
]
