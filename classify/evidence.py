"""Which words of a letter spoke for a unit."""

from __future__ import annotations

import numpy as np
import regex

from classify.features import Floats, Weighting, count, text_of_zones
from classify.letters import Example

_WORD = regex.compile(r"\p{L}[\p{L}-]{2,}")


def evidence(letter: Example, weighting: Weighting, column: Floats, limit: int) -> tuple[str, ...]:
    """The words that counted most, as written, the strongest first.

    A word's share is what the score would lack without it: the sum over the features (stem and n-grams) that
    it brings, each with the weight it has in the whole letter. column: (features,), the unit's coefficients.
    """
    whole = weighting.apply(count([letter]))
    value = dict(zip(whole.indices.tolist(), (whole.data * column[whole.indices]).tolist(), strict=True))
    words = list(dict.fromkeys(_WORD.findall(text_of_zones(letter))))
    if not words:
        return ()
    parts = weighting.apply(count([Example(word) for word in words]))
    shares = np.array(
        [
            sum(value.get(i, 0.0) for i in parts.indices[a:b].tolist())
            for a, b in zip(parts.indptr[:-1], parts.indptr[1:], strict=True)
        ]
    )
    order = np.argsort(-shares, kind="stable")
    found: dict[str, str] = {}
    for i in order:
        if shares[i] <= 0:
            break
        found.setdefault(words[i].lower(), words[i])
    return tuple(list(found.values())[:limit])
