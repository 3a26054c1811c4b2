"""Splits keep one hand, one day and one family of letters on one side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from classify.features import count
from classify.folds import Split, splits
from classify.training import _thinned

from .small_town import letters


def test_groups_are_never_on_both_sides() -> None:
    examples = letters()
    plan = splits(examples, count(examples), seed=0)
    assert plan.kind == "groups"
    for part in plan.parts:
        assert not {examples[i].group for i in part.learn} & {examples[i].group for i in part.score}


def test_every_labelled_letter_of_a_group_split_is_scored_once() -> None:
    examples = letters(groups=8)
    plan = splits(examples, count(examples), seed=0)
    scored = sorted(int(i) for part in plan.parts for i in part.score)
    assert scored == list(range(len(examples)))


def test_without_groups_many_letters_are_scored_by_the_past() -> None:
    examples = [replace(e, group="") for e in letters(each=300)]
    plan = splits(examples, count(examples), seed=0)
    assert plan.kind == "time"
    for part in plan.parts:
        assert max(examples[i].day for i in part.learn) <= min(examples[i].day for i in part.score)


def test_copies_of_a_letter_stay_together() -> None:
    examples = [replace(e, group="", day=None) for e in letters(each=6)] * 2
    plan = splits(examples, count(examples), seed=0)
    assert plan.kind == "families"
    half = len(examples) // 2
    for part in plan.parts:
        assert {int(i) % half for i in part.score}.isdisjoint({int(i) % half for i in part.learn})


def test_a_fold_of_very_many_letters_is_thinned_and_a_small_one_left_whole() -> None:
    small = Split(np.arange(50, 90), np.arange(50))
    large = Split(np.arange(30_000), np.arange(30_000, 60_000))
    kept, thinned = _thinned(small, 0), _thinned(large, 0)
    assert np.array_equal(kept.learn, small.learn)
    assert np.array_equal(kept.score, small.score)
    assert (len(thinned.learn), len(thinned.score)) == (20_000, 10_000)
    assert not set(thinned.learn.tolist()) & set(thinned.score.tolist())
