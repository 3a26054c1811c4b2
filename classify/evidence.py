"""Which words of a letter spoke for a unit."""

from __future__ import annotations

import numpy as np
import regex

from classify.features import Floats, Weighting, columns_by_word, count_one, text_of_zones
from classify.letters import Example

_WORD = regex.compile(r"\p{L}[\p{L}-]{2,}")


def evidence(letter: Example, weighting: Weighting, coef: Floats, own: int, limit: int) -> tuple[str, ...]:
    """The words that counted most, as written, the strongest first.

    A word's share is what the score would lack without it: the sum over the features (stem and n-grams) that
    it brings, each with the weight it has in the whole letter. coef: (features, units); what all units have alike
    speaks for none. own: the unit's column.
    """
    words = list(dict.fromkeys(_WORD.findall(text_of_zones(letter))))
    whole = weighting.apply(count_one(letter))
    if not words or not whole.nnz:
        return ()
    columns, owners = columns_by_word(words)
    there = weighting.columns[whole.indices]  # sorted, as both are
    at = np.minimum(np.searchsorted(there, columns), len(there) - 1)
    hit = there[at] == columns
    rows = coef[whole.indices]  # of this letter's features only: the whole matrix is large
    value = whole.data * (rows[:, own] - rows.mean(axis=1))
    shares = np.bincount(owners[hit], value[at[hit]], minlength=len(words))
    order = np.argsort(-shares, kind="stable")
    found: dict[str, str] = {}
    for i in order:
        if shares[i] <= 0:
            break
        found.setdefault(words[i].lower(), words[i])
    return tuple(list(found.values())[:limit])
