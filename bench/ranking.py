"""How well titles find their letters: MRR@10 and recall@10, also with a typing error and with ae, oe, ue.

    .venv/bin/python -m bench.ranking --documents 5000 --asked 300 [--engine elasticsearch --nodes URL]

The letters are those of ``bench.search``; a letter with the same title counts as found, too.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.search import Texts, typing_error
from search import Query, SearchIndex, open_index

HITS = 10
_SPELLED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})


def misspelled(title: str, chance: random.Random) -> str:
    """The title with one typing error in its longest word."""
    word = max(title.split(), key=len)
    return title.replace(word, typing_error(word, chance), 1)


def measure(
    index: SearchIndex, titles: dict[str, str], asked: Sequence[str], typed: Callable[[str], str]
) -> dict[str, float]:
    places = []
    for title in asked:
        hits = index.find(Query(typed(title), frozenset({"*"}), limit=HITS)).hits
        places.append(next((place for place, hit in enumerate(hits, 1) if titles[hit.id] == title), 0))
    size = len(places)
    return {
        "mrr_at_10": round(sum(1 / place for place in places if place) / size, 4),
        "recall_at_10": round(sum(place > 0 for place in places) / size, 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--documents", type=int, default=5000)
    parser.add_argument("--asked", type=int, default=300)
    parser.add_argument("--engine", choices=["embedded", "elasticsearch"], default="embedded")
    parser.add_argument("--nodes", default="")
    wanted = parser.parse_args()
    chance = random.Random(5)
    with tempfile.TemporaryDirectory(prefix="bench-ranking-") as folder:
        index = open_index(wanted.engine, folder=Path(folder), nodes=wanted.nodes, writer=True)
        titles: dict[str, str] = {}
        entries = list(Texts().entries(wanted.documents))
        titles.update((entry.id, entry.subject) for entry in entries)
        index.put(entries)
        asked = chance.sample(sorted(set(titles.values())), wanted.asked)
        kinds: dict[str, Callable[[str], str]] = {
            "as written": str,
            "one typing error": lambda title: misspelled(title, chance),
            "ae, oe, ue": lambda title: title.translate(_SPELLED),
        }
        result = {kind: measure(index, titles, asked, typed) for kind, typed in kinds.items()}
        index.close()
    json.dump(result, sys.stdout, indent=1, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
