"""Learn a router: from duties and catalogue alone on the first day, from people's labels as they come in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
from scipy import sparse

from classify.calibration import Calibration, fit_calibration, fit_novelty
from classify.card import FORMAT, ModelCard, fingerprint, libraries
from classify.errors import NothingKnown
from classify.features import Columns, Counts, Weighting, count, reference_columns
from classify.folds import Split, splits
from classify.knowledge import Hint, hints_from_duties, hints_from_tasks, load_catalogue
from classify.letters import Budget, Example, Task, UnitProfile
from classify.linear import SVC_UNITS, Linear, fit_linear, without_columns
from classify.memory import Memory
from classify.router import TrainedRouter
from classify.threshold import CAUTION, NEVER, Threshold, coverage_at, find_threshold

BUDGETS = (0.01, 0.02, 0.05)
_CELLS = 24_000_000  # features x units that a model may hold: 96 MB as float32
_HINT_LETTERS = 12.0  # all hints of a unit together weigh as many letters, before any label
_HINT_FADE = 12.0  # after so many labels of a unit its hints weigh half
_MANY = 2000  # with more letters, features of a single letter are left out
_REFERENCE_WEIGHT = 0.8  # of a file reference that begins with a unit's code
_NOVELTY_LETTERS = 1500
_FOLD_LEARNS, _FOLD_SCORES = 20_000, 10_000  # letters: beyond, a fold costs minutes and tells nothing new
_UNKNOWN_QUANTILE = 0.97  # of known letters, so many are not called unknown
_AT_ONCE = 2  # folds, where a fold is liblinear, which lets other threads run; more would cost memory

Progress = Callable[[str, float], None]
Targets = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Ground:
    """Everything counted once. target and hint_target hold unit numbers."""

    counts: Counts
    target: Targets
    ids: tuple[str, ...]
    hint_counts: Counts
    hint_target: Targets
    hint_weight: npt.NDArray[np.float64]
    reference_columns: Columns
    units: int
    seed: int


@dataclass(frozen=True, slots=True)
class _Scorer:
    weighting: Weighting
    linear: Linear
    memory: Memory

    def score(self, counts: Counts) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        features = self.weighting.apply(counts)
        return self.linear.scores(features), self.memory.nearest(features)


def train(
    examples: Sequence[Example],
    units: Sequence[UnitProfile],
    *,
    catalogue: Sequence[Task] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> TrainedRouter:
    """Learn from labelled letters (those without ``unit`` are left out), duties and catalogue.

    catalogue: ``None`` takes the shipped one, an empty sequence none. Labels may name further units.
    Raises: NothingKnown, when there is neither a unit nor a label.
    """
    tell = progress or _silent
    labelled = [e for e in examples if e.unit]
    codes = tuple(dict.fromkeys([u.code for u in units] + sorted({e.unit for e in labelled if e.unit})))
    if not codes:
        raise NothingKnown
    tell("features", 0.0)
    ground = _ground(labelled, units, load_catalogue() if catalogue is None else catalogue, codes, seed)
    tell("out_of_fold", 0.3)
    unseen = _out_of_fold(labelled, ground, tell)
    tell("final", 0.85)
    everything = np.arange(len(labelled))
    scorer = _fit(ground, everything)
    card = ModelCard(
        format=FORMAT,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        training_sha256=fingerprint(labelled),
        n=len(labelled),
        counts=dict(sorted(Counter(e.unit or "" for e in labelled).items())),
        hints=len(ground.hint_target),
        libraries=libraries(),
        split=unseen.kind,
        measures=unseen.measures,
        thresholds=unseen.thresholds,
        unknown_above=unseen.unknown_above,
        seed=seed,
        size={"features": len(scorer.weighting.columns), "units": len(codes)},
    )
    tell("done", 1.0)
    return TrainedRouter(
        card,
        codes,
        scorer.weighting,
        scorer.linear,
        scorer.memory,
        unseen.calibration,
        unseen.novelty,
        tuple(units),
    )


def fit_once(
    learn: Sequence[Example], units: Sequence[UnitProfile], tasks: Sequence[Task], asked: Sequence[Example]
) -> tuple[tuple[str, ...], npt.NDArray[np.float64]]:
    """Learn without calibration and thresholds, and score other letters. Returns: units, (letters, units)."""
    labelled = [e for e in learn if e.unit]
    codes = tuple(dict.fromkeys([u.code for u in units] + sorted({e.unit for e in labelled if e.unit})))
    ground = _ground(labelled, units, tasks, codes, 0)
    return codes, _fit(ground, np.arange(len(labelled))).score(count(asked))[0]


def _silent(_step: str, _share: float) -> None:
    pass


def _ground(
    labelled: Sequence[Example],
    units: Sequence[UnitProfile],
    tasks: Sequence[Task],
    codes: Sequence[str],
    seed: int,
) -> _Ground:
    number = {code: i for i, code in enumerate(codes)}
    hints: list[Hint] = hints_from_duties(units) + hints_from_tasks(tasks, units)
    return _Ground(
        counts=count(labelled),
        target=np.array([number[e.unit or ""] for e in labelled], dtype=np.int64),
        ids=tuple(e.id for e in labelled),
        hint_counts=count([Example(h.text) for h in hints]),
        hint_target=np.array([number[h.unit] for h in hints], dtype=np.int64),
        hint_weight=np.array([h.weight for h in hints]),
        reference_columns=reference_columns(codes),
        units=len(codes),
        seed=seed,
    )


def _fit(ground: _Ground, rows: npt.NDArray[np.int64], without: Targets | None = None) -> _Scorer:
    """Learn from some rows and the hints; ``without``: unit numbers to be left out altogether."""
    hints = np.arange(len(ground.hint_target))
    if without is not None:
        rows = rows[~np.isin(ground.target[rows], without)]
        hints = hints[~np.isin(ground.hint_target, without)]
    target = ground.target[rows]
    labels = np.bincount(target, minlength=ground.units)
    weight = _faded(ground.hint_weight[hints], ground.hint_target[hints], labels)
    together = sparse.csr_matrix(sparse.vstack([ground.counts[rows], ground.hint_counts[hints]]))
    least = 2 if len(rows) > _MANY else 1
    most = _CELLS // max(ground.units, 1)
    weighting = Weighting.fit(together, least=least, most=most, always=ground.reference_columns)
    features = weighting.apply(together)
    del together  # as large as the features, and two folds are learnt at once
    references = np.searchsorted(weighting.columns, ground.reference_columns)
    weight_of_references = _REFERENCE_WEIGHT * _trust(features[: len(rows)], target, references)
    linear = fit_linear(
        without_columns(features, int(weighting.starts[-2])),
        np.concatenate([target, ground.hint_target[hints]]),
        np.concatenate([np.ones(len(target)), weight]),
        ground.units,
        ground.seed,
    )
    linear.coef[references, np.arange(ground.units)] = weight_of_references
    memory = Memory.of(features[: len(rows)], target, tuple(ground.ids[i] for i in rows))
    return _Scorer(weighting, linear, memory)


def _trust(features: Counts, target: Targets, references: Columns) -> float:
    """How far references that begin with a unit's code lead to that unit, 0 or about 0.5 to 1.

    Judged by the labels, starting from four of five: some towns number their files otherwise.
    """
    quoted = features[:, references].tocoo()
    right = int((target[quoted.row] == quoted.col).sum())
    share = (right + 4) / (quoted.nnz + 5)
    return share if share >= 0.5 else 0.0


def _faded(weight: npt.NDArray[np.float64], target: Targets, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Weights of hints: those of a unit together weigh ``_HINT_LETTERS`` letters, fading with its labels."""
    total = np.bincount(target, weight, minlength=len(labels))
    per_unit = _HINT_LETTERS / np.maximum(total, 1e-9) * _HINT_FADE / (_HINT_FADE + labels)
    return np.minimum(weight * per_unit[target], 1.0)


@dataclass(frozen=True, slots=True)
class _Unseen:
    """What letters that the scoring model had not seen teach."""

    kind: str
    calibration: Calibration
    novelty: Calibration
    thresholds: dict[str, Threshold]
    measures: dict[str, float]
    unknown_above: float


def _out_of_fold(labelled: Sequence[Example], ground: _Ground, tell: Progress) -> _Unseen:
    if len(labelled) < 20 or len(np.unique(ground.target)) < 2:
        never = {f"{b:.2f}": Threshold(NEVER, True, 0.0, 0.0, len(labelled)) for b in BUDGETS}
        return _Unseen("none", Calibration(), Calibration(), never, {}, 1.0)
    plan = splits(labelled, ground.counts, ground.seed)
    plan = replace(plan, parts=tuple(_thinned(part, ground.seed) for part in plan.parts))

    def judged(part: Split) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        scorer, asked = _fit(ground, part.learn), ground.counts[part.score]
        return *scorer.score(asked), scorer.weighting.unknown_words(asked)

    found, strange_words = [], []
    with ThreadPoolExecutor(_AT_ONCE if ground.units <= SVC_UNITS else 1) as pool:
        for number, (scored, near, words) in enumerate(pool.map(judged, plan.parts)):
            found.append((scored, near))
            strange_words.append(words)
            tell("out_of_fold", 0.3 + 0.45 * (number + 1) / len(plan.parts))
    scores = np.vstack([s for s, _ in found])
    nearest = np.concatenate([n for _, n in found])
    truth = ground.target[np.concatenate([p.score for p in plan.parts])]
    calibration = fit_calibration(scores, nearest, truth)
    confidence = calibration.first(scores, nearest)
    right = scores.argmax(axis=1) == truth
    strange = _strange(ground, plan.parts[0])
    novelty = fit_novelty(scores, nearest, *strange)
    unknown = 1.0 - novelty.first(scores, nearest)
    # letters of a hand that was held out whole are harder than those to come from hands already known
    caution = Budget().confidence if plan.kind == "groups" else CAUTION
    thresholds = _ordered({b: find_threshold(confidence, right, Budget(b), caution) for b in BUDGETS})
    return _Unseen(
        plan.kind,
        calibration,
        novelty,
        thresholds,
        _measures(scores, confidence, truth, right) | {"unknown_words": float(np.concatenate(strange_words).mean())},
        float(np.quantile(unknown, _UNKNOWN_QUANTILE)),
    )


def _thinned(part: Split, seed: int) -> Split:
    """A split of at most so many letters: a model that learnt from fewer errs rather more, so that a threshold from
    it errs on the safe side."""
    random = np.random.default_rng(seed)
    learn, score = (
        np.sort(random.permutation(rows)[:most])
        for rows, most in ((part.learn, _FOLD_LEARNS), (part.score, _FOLD_SCORES))
    )
    return replace(part, learn=learn, score=score)


def _ordered(found: dict[float, Threshold]) -> dict[str, Threshold]:
    """Keyed as in the card; a stricter budget never has a laxer threshold than a wider one."""
    ordered, strictest = {}, 0.0
    for share in sorted(found, reverse=True):
        strictest = max(strictest, found[share].value)
        ordered[f"{share:.2f}"] = replace(found[share], value=strictest)
    return dict(sorted(ordered.items()))


def _measures(
    scores: npt.NDArray[np.float64],
    confidence: npt.NDArray[np.float64],
    truth: Targets,
    right: npt.NDArray[np.bool_],
) -> dict[str, float]:
    from sklearn.metrics import f1_score  # a second to import, and only training needs it

    better = (scores > scores[np.arange(len(truth)), truth][:, None]).sum(axis=1)
    measures = {
        "n": float(len(truth)),
        "accuracy": float(right.mean()),
        "macro_f1": float(f1_score(truth, scores.argmax(axis=1), average="macro", zero_division=0)),
        "top3": float((better < 3).mean()),
    }
    return measures | {f"coverage_{b:.2f}": coverage_at(confidence, right, b) for b in BUDGETS}


def _strange(ground: _Ground, part: Split) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Scores of letters whose unit was kept from the model: what a kind never seen looks like."""
    random = np.random.default_rng(ground.seed)
    learn, score = (random.permutation(rows)[:_NOVELTY_LETTERS] for rows in (part.learn, part.score))
    present = random.permutation(np.unique(ground.target[learn]))
    found = []
    for held in np.array_split(present, min(3, len(present))):
        asked = score[np.isin(ground.target[score], held)]
        if len(asked) and len(held) < len(present):
            found.append(_fit(ground, np.sort(learn), held).score(ground.counts[asked]))
    if not found:
        return np.zeros((0, ground.units)), np.zeros(0)
    return np.vstack([s for s, _ in found]), np.concatenate([n for _, n in found])
