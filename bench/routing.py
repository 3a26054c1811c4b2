"""The router on letters of hands that it has not learnt from, and what training costs on many letters and units.

    ./run bench routing authors FOLDER          train on one letters-*.jsonl of the folder, test on the others, in turn
    ./run bench routing scale FOLDER N UNITS [peer]     time and memory of one training on N made letters

``authors`` sets the open state of the art, CountVectorizer + MLP, beside it. ``scale`` makes letters by resampling: the
sentences of letters of one unit are mixed, words are misread here and there, and beyond the units of the folder new
ones are made by giving each its own form of the content words, so that the vocabulary grows with the units.
``peer`` trains the MLP on the same letters instead. Each run of ``scale`` is a process of its own, so that its peak of
memory is its own.
"""

from __future__ import annotations

import json
import random
import re
import resource
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.neural_network import MLPClassifier

from classify import Budget, Example, TrainedRouter, UnitProfile, evaluate, train
from classify.threshold import coverage_at

SHARES = (0.01, 0.02, 0.05)
ASKED = 200  # predictions that are timed
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_CONTENT = re.compile(r"[A-ZÄÖÜ][a-zäöüß]{4,}")
_LETTERS = str.maketrans("0123456789", "ghijklmnop")
_MISREAD = {"e": "c", "n": "u", "i": "l", "ü": "u", "ß": "B", "r": "n"}


def units_of(folder: Path) -> tuple[UnitProfile, ...]:
    """The offices of ``units.json``."""
    raw = json.loads((folder / "units.json").read_text("utf-8"))["units"]
    return tuple(UnitProfile(u["code"], u["name"], u["responsible_for"], u.get("parent")) for u in raw)


def letters_of(file: Path) -> list[Example]:
    """The labelled letters of a file, laid out as they were written; the file is their group."""
    found = []
    for line in file.read_text("utf-8").splitlines():
        raw = json.loads(line)
        sender = raw.get("sender") or []
        head = "\n".join(sender if isinstance(sender, list) else [sender])
        reference = f"Ihr Zeichen: {raw['aktenzeichen']}" if raw.get("aktenzeichen") else ""
        enclosures = raw.get("enclosures") or []
        tail = "Anlagen: " + ", ".join(enclosures) if enclosures else ""
        parts = (head, raw.get("date") or "", reference, raw.get("subject") or "", raw.get("body") or "", tail)
        text = raw.get("text") or "\n\n".join(part for part in parts if part)
        day = date.fromisoformat(raw["date"]) if raw.get("date") else None
        found.append(Example(text, raw["unit"], raw.get("subject") or "", head, day, file.stem, raw.get("id") or ""))
    return found


# -- other authors ---------------------------------------------------------------------------------------------------


def authors(folder: Path) -> None:
    """Train on one file (and, with three, on all but one), test on the rest."""
    units = units_of(folder)
    sets = {file.stem: letters_of(file) for file in sorted(folder.glob("letters-*.jsonl"))}
    plans = [([one], [other]) for one in sets for other in sets if one != other]
    if len(sets) > 2:
        plans += [([name for name in sets if name != held], [held]) for held in sets]
    for learnt, asked in plans:
        known = [letter for name in learnt for letter in sets[name]]
        new = [letter for name in asked for letter in sets[name]]
        router = train(known, units)
        found = evaluate(router, new, Budget())
        print(f"{'+'.join(learnt)} > {'+'.join(asked)}: {_sentence(found.accuracy, found.coverage)}")
        print(
            f"    shipped threshold: {found.routed_share:.1%} routed, {found.routed_error:.1%} of them wrong"
            f"{', provisional' if found.provisional else ''}; macro-F1 {found.macro_f1:.3f}"
        )
        confidence, right = peer(known, new)
        coverage = {f"{share:.2f}": coverage_at(confidence, right, share) for share in SHARES}
        print(f"    CountVectorizer + MLP: {_sentence(float(right.mean()), coverage)}")


def _sentence(accuracy: float, coverage: dict[str, float]) -> str:
    return f"accuracy {accuracy:.3f}, " + ", ".join(f"{value:.3f} at {share}" for share, value in coverage.items())


def peer(known: Sequence[Example], new: Sequence[Example]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """What open routing systems do: word counts and a multi-layer perceptron with default settings."""
    words = CountVectorizer()
    many = len(known) > 2000  # then a part is held back to see when to stop
    network = MLPClassifier(random_state=0, max_iter=30 if many else 200, early_stopping=many)
    network.fit(words.fit_transform([e.text for e in known]), [e.unit for e in known])
    chances = network.predict_proba(words.transform([e.text for e in new]))
    guess = network.classes_[chances.argmax(axis=1)]
    return chances.max(axis=1), guess == np.array([e.unit for e in new])


# -- many letters ----------------------------------------------------------------------------------------------------


def made(known: Sequence[Example], count: int, units: int, seed: int = 0) -> Iterator[Example]:
    """``count`` letters of ``units`` units, made from known ones; the k-th form of a unit is called ``22.k``."""
    random_ = random.Random(seed)
    by_unit: dict[str, list[Example]] = {}
    for letter in known:
        by_unit.setdefault(letter.unit or "", []).append(letter)
    codes = sorted(by_unit)
    sentences = {code: [s for e in rows for s in _SENTENCE.split(e.text)] for code, rows in by_unit.items()}
    for number in range(count):
        place = number % units
        code, form = codes[place % len(codes)], place // len(codes)
        base = random_.choice(by_unit[code])
        mixed = _SENTENCE.split(base.text)
        for _ in range(max(1, len(mixed) // 2)):
            mixed[random_.randrange(len(mixed))] = random_.choice(sentences[code])
        text, subject = " ".join(mixed), base.subject
        if form:
            text, subject = _formed(text, form), _formed(subject, form)
        yield Example(
            _misread(text, random_),
            f"{code}.{form}" if form else code,
            subject,
            base.sender,
            date(2020, 1, 1) + timedelta(days=number % 1500),
            f"clerk {random_.randrange(12)}",
            f"{number:07d}",
        )


def _formed(text: str, form: int) -> str:
    """Every second content word takes a form of its own in each made unit."""

    def one(found: re.Match[str]) -> str:
        word = found.group()
        if zlib.crc32(word.encode()) % 2:
            return word
        return f"{word}{zlib.crc32(f'{word} {form}'.encode()):x}".translate(_LETTERS)

    return _CONTENT.sub(one, text)


def _misread(text: str, random_: random.Random) -> str:
    """One sign in 150 is read as one that looks like it."""
    signs = list(text)
    for _ in range(len(signs) // 150):
        place = random_.randrange(len(signs))
        signs[place] = _MISREAD.get(signs[place], signs[place])
    return "".join(signs)


def scale(folder: Path, count: int, units: int, *, with_peer: bool) -> None:
    """One training on ``count`` made letters, its time and peak of memory."""
    known = [letter for file in sorted(folder.glob("letters-*.jsonl")) for letter in letters_of(file)]
    letters = list(made(known, count, units))
    asked = list(made(known, ASKED, units, seed=1))
    before = _peak()
    cpu, wall = time.process_time(), time.monotonic()
    if with_peer:
        _, right = peer(letters, asked)
        answer: dict[str, Any] = {"accuracy": float(right.mean())}
    else:
        codes = dict.fromkeys(letter.unit or "" for letter in letters)
        profiles = {unit.code: unit for unit in units_of(folder)}
        offices = [profiles.get(code) or UnitProfile(code, code, "") for code in codes]
        router = train(letters, offices, progress=_say)
        answer = {"accuracy": evaluate(router, asked, Budget()).accuracy, "size": router.card.size}
        answer |= {"thresholds": {share: asdict(t) for share, t in router.card.thresholds.items()}}
    answer |= {
        "letters": count,
        "units": units,
        "peer": with_peer,
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "seconds": round(time.monotonic() - wall, 1),
        "peak_mib": round(_peak()),
        "mib_before": round(before),
    }
    if not with_peer:
        answer["ms_a_prediction"] = round(_prediction_ms(router, asked), 2)
    print(json.dumps(answer))


def _prediction_ms(router: TrainedRouter, asked: Sequence[Example]) -> float:
    started = time.perf_counter()
    for letter in asked:
        router.rank(letter)
    return (time.perf_counter() - started) / len(asked) * 1000


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _say(step: str, share: float) -> None:
    print(f"{time.process_time():8.1f} s {_peak():8.0f} MiB {share:5.0%} {step}", file=sys.stderr)


def main() -> None:
    kinds: dict[str, Callable[[list[str]], None]] = {
        "authors": lambda words: authors(Path(words[0])),
        "scale": lambda words: scale(Path(words[0]), int(words[1]), int(words[2]), with_peer="peer" in words[3:]),
    }
    kinds[sys.argv[1]](sys.argv[2:])


if __name__ == "__main__":
    main()
