"""How fast the search engines are, side by side: indexing, twelve kinds of questions, and the load they bear.

    .venv/bin/python -m bench.search --documents 200000 --engine embedded elasticsearch [--seconds 30]

The texts are generated: German words whose frequencies follow Zipf's law, compounds of the room's word list,
many near duplicates among the subjects. An answer is timed as a person waits for it: hits, facets, permission
filter and a snippet of each hit. Without ``--nodes`` a node is started (512 MB heap). The results are printed as
JSON and kept in ``bench/results/``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, islice
from pathlib import Path

from search import Entry, Query, SearchIndex, open_index, snippet

ROOT = Path(__file__).resolve().parent.parent
UNITS = tuple(str(number) for number in range(10, 70, 3))
USERS = 8
SINGLE = 20  # letters that are written one by one
ASKED = 60  # questions of each kind
HITS = 10
FIRST = date(2015, 1, 1)
STREETS = (
    "Linden",
    "Bahnhof",
    "Markt",
    "Kirch",
    "Garten",
    "Mühlen",
    "Schul",
    "Berg",
    "Wald",
    "Rosen",
    "Tal",
    "Hof",
)
TITLES = (
    "Bebauungsplan Nr. {a} „{street}straße“, {b}. Änderung",
    "Antrag auf {word} für das Grundstück {street}straße {a}",
    "Widerspruch gegen den {word}bescheid vom {day}",
    "{word}: Anfrage zur {street}straße",
    "Rechnung {a}/{year} {word}",
    "Beschwerde über {word} in der {street}straße",
    "{year}. Satzung zur Änderung der {word}satzung",
    "Mitteilung: {word} und {word2} {year}",
)


class Texts:
    """A generator of letters; the same seed gives the same letters."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)
        data = ROOT / "search" / "data"
        common = (data / "stopwords.txt").read_text().split()
        counted = [line.split() for line in (data / "heads.txt").read_text().splitlines()]
        heads = [word for word, _ in sorted(counted, key=lambda one: -int(one[1]))]
        counted = [line.split() for line in (data / "modifiers.txt").read_text().splitlines()]
        modifiers = [word for word, _ in sorted(counted, key=lambda one: -int(one[1]))]
        words: dict[str, None] = {}
        for place in range(120_000):  # rarer and rarer, more and more of them compounds
            head = heads[self._skewed(len(heads))].capitalize()
            compound = self.random.random() < min(0.9, place / 20_000)
            words[modifiers[self._skewed(len(modifiers))].capitalize() + head.lower() if compound else head] = None
        self.words = [*common, *words]
        self.weights = list(accumulate(1 / (rank + 2.7) ** 1.07 for rank in range(len(self.words))))
        self.nouns = [word for word in words if len(word) > 6]

    def _skewed(self, size: int) -> int:
        return min(size - 1, int(size * self.random.random() ** 2.5))

    def entry(self, number: int) -> Entry:
        chance = self.random
        day = FIRST + timedelta(days=chance.randrange(365 * 10))
        unit = chance.choice(UNITS)
        noun = self.nouns[self._skewed(len(self.nouns))]
        subject = chance.choice(TITLES).format(
            a=chance.randrange(1, 400),
            b=chance.randrange(1, 9),
            street=chance.choice(STREETS),
            word=noun,
            word2=self.nouns[self._skewed(len(self.nouns))],
            day=f"{day:%d.%m.%Y}",
            year=day.year,
        )
        reference = f"{unit}.{number % 9}-{noun[:2]}St-{day.year}-{number % 10000:04d}"
        size = max(40, min(900, int(chance.lognormvariate(5.2, 0.6))))
        body = chance.choices(self.words, cum_weights=self.weights, k=size)
        body.insert(
            size // 2,
            f"Aktenzeichen {reference}, Betrag {chance.randrange(9000)},{chance.randrange(10, 99)} €",
        )
        lines = [" ".join(body[start : start + 12]) for start in range(0, len(body), 12)]
        half = len(lines) // 2 if chance.random() < 0.4 else len(lines)
        return Entry(
            id=f"doc{number:08d}",
            pages=("\n".join(lines[:half]), "\n".join(lines[half:])) if half < len(lines) else ("\n".join(lines),),
            subject=subject,
            sender=f"{chance.choice(self.nouns)} GmbH\n{chance.choice(STREETS)}straße {chance.randrange(99)}",
            unit=unit,
            unit_name=f"Amt {unit}",
            doctype=chance.choice(("Antrag", "Rechnung", "Widerspruch", "Beschwerde", "Mitteilung")),
            state="filed",
            file_reference=reference,
            foreign_reference="",
            efile=f"{unit}.{number % 9}",
            case="",
            source_name=f"scan{number}.pdf",
            entry_no=f"{day.year}-{number:06d}",
            day=day,
            received_on=day,
            tokens=frozenset({"*", "u:*", f"u:{unit}", f"d:doc{number:08d}"}),
        )

    def entries(self, count: int) -> Iterator[Entry]:
        return (self.entry(number) for number in range(count))


class Pages:
    """The texts of the letters in one file, as the archive would give them: they are not held in memory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path.open("w+b")
        self.places: dict[str, tuple[int, int]] = {}

    def keep(self, entry: Entry) -> None:
        text = "\f".join(entry.pages).encode()
        self.places[entry.id] = (self.file.tell(), len(text))
        self.file.write(text)

    def __call__(self, id: str) -> list[str]:
        start, size = self.places[id]
        self.file.flush()
        return os.pread(self.file.fileno(), size, start).decode().split("\f")

    def close(self) -> None:
        self.file.close()
        self.path.unlink()


def _words(entry: Entry, letters: int) -> list[str]:
    return [word for word in entry.pages[0].split() if word.istitle() and len(word) >= letters] or ["Steuer"]


def typing_error(word: str, chance: random.Random) -> str:
    place = chance.randrange(1, max(2, len(word) - 1))
    return word[:place] + word[place + 1 :]


def questions(sample: Sequence[Entry], seed: int = 2) -> dict[str, list[str]]:
    """Twelve kinds of questions about the given entries."""
    chance = random.Random(seed)

    def rare(entry: Entry) -> str:
        return max(_words(entry, 6), key=len)

    def common(entry: Entry) -> str:
        return chance.choice(_words(entry, 4))

    def row(entry: Entry) -> str:
        words = entry.pages[0].split("\n")[0].split()
        place = chance.randrange(max(1, len(words) - 2))
        return " ".join(words[place : place + 2])

    makers: dict[str, Callable[[Entry], str]] = {
        "word": common,
        "rare word": rare,
        "two words": lambda entry: f"{common(entry)} {common(entry)}",
        "title": lambda entry: entry.subject,
        "phrase": lambda entry: f'"{row(entry)}"',
        "prefix": lambda entry: f"{rare(entry)[:5]}*",
        "one letter": lambda entry: f"{common(entry)[0]}*",
        "stop word": lambda _: chance.choice(("der", "und", "auf", "nicht")),
        "field and date": lambda entry: f"betreff:{common(entry)} datum:{entry.received_on.year}",
        "or, not": lambda entry: f"{common(entry)} OR {rare(entry)} -{common(entry)}",
        "reference": lambda entry: entry.file_reference,
        "typing error": lambda entry: typing_error(rare(entry), chance),
    }
    return {kind: [make(chance.choice(sample)) for _ in range(ASKED)] for kind, make in makers.items()}


def ask(index: SearchIndex, pages: Callable[[str], Sequence[str]], words: str, user: int) -> float:
    """One answer as a person waits for it. Returns: seconds."""
    units = [UNITS[(user * 3 + step) % len(UNITS)] for step in range(8)]
    started = time.perf_counter()
    hits = index.find(Query(words, frozenset({f"u:{unit}" for unit in units} | {f"d:{user}"}), limit=HITS))
    for hit in hits.hits:
        snippet(words, pages(hit.id), unknown=hits.unknown)
    return time.perf_counter() - started


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def milliseconds(values: Sequence[float]) -> dict[str, float]:
    return {
        "median_ms": round(statistics.median(values) * 1000, 1),
        "p95_ms": round(percentile(values, 0.95) * 1000, 1),
        "max_ms": round(max(values) * 1000, 1),
    }


def load(
    index: SearchIndex,
    pages: Callable[[str], Sequence[str]],
    asked: Sequence[str],
    rate: float,
    seconds: float,
) -> list[float]:
    """Questions at a fixed rate, whatever the answers take; waiting for a free thread counts."""
    begin = time.perf_counter() + 0.2

    def one(number: int) -> float:
        due = begin + number / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        ask(index, pages, asked[number % len(asked)], number % USERS)
        return time.perf_counter() - due

    with ThreadPoolExecutor(USERS * 4) as pool:
        return list(pool.map(one, range(int(rate * seconds))))


def highest_rate(
    index: SearchIndex, pages: Callable[[str], Sequence[str]], asked: Sequence[str], seconds: float
) -> float:
    """Answers a second when all users ask without a pause."""
    until = time.perf_counter() + seconds

    def user(number: int) -> int:
        done = 0
        while time.perf_counter() < until:
            ask(index, pages, asked[(number * 17 + done) % len(asked)], number)
            done += 1
        return done

    with ThreadPoolExecutor(USERS) as pool:
        return sum(pool.map(user, range(USERS))) / seconds


def measure(index: SearchIndex, pages: Pages, count: int, seconds: float) -> dict[str, object]:
    sample: list[Entry] = []
    written = 0.0
    chance = random.Random(3)
    entries = Texts().entries(count)
    while batch := list(islice(entries, 2000)):
        for entry in batch:
            pages.keep(entry)
            if len(sample) < 500 or chance.random() < 2000 / count:
                sample.append(entry)
        started = time.perf_counter()
        index.put(batch)
        written += time.perf_counter() - started
    single = found_after(index, pages, Texts(seed=4), count)
    just_written = each_kind(index, pages, questions(sample))
    asked = questions(sample, seed=5)  # other words: no answer is remembered
    mixed = [word for row in zip(*asked.values(), strict=True) for word in row]
    return {
        "documents": count,
        "indexed_per_second": round(count / written),
        "found_after": single,
        "just_written": just_written,
        "kinds": each_kind(index, pages, asked),
        "eight_users": milliseconds(load(index, pages, mixed, USERS, seconds)),
        "highest_rate": round(highest_rate(index, pages, mixed, seconds), 1),
        "process_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
    }


def each_kind(index: SearchIndex, pages: Pages, asked: dict[str, list[str]]) -> dict[str, dict[str, float]]:
    """Answers to each kind of question, one after the other."""
    kinds = {}
    for kind, words in asked.items():
        ask(index, pages, words[0], 0)
        kinds[kind] = milliseconds([ask(index, pages, one, i % USERS) for i, one in enumerate(words)])
        print(f"  {kind:15} {kinds[kind]}", file=sys.stderr, flush=True)
    return kinds


def found_after(index: SearchIndex, pages: Pages, texts: Texts, count: int) -> dict[str, float]:
    """How long from the write of one letter until a search finds it: what the step ``index`` promises in 1 s."""
    waits = []
    for number in range(SINGLE):
        entry = texts.entry(count + number)
        pages.keep(entry)
        index.put([entry])
        written = time.perf_counter()
        while not index.find(Query(entry.file_reference, frozenset({"*"}), limit=1)).total:
            time.sleep(0.01)
        waits.append(time.perf_counter() - written)
    return milliseconds(waits)


def size_mb(folder: Path) -> float:
    return round(sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6, 1)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def start_node(home: Path) -> tuple[subprocess.Popen[str], str]:
    port = free_port()
    command = [str(ROOT / "tests" / "elasticsearch" / "node"), str(home), str(port), str(free_port())]
    node = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    for line in node.stdout or ():
        if "READY" in line:
            return node, f"http://127.0.0.1:{port}"
    raise SystemExit("the Elasticsearch node did not start")


def resident_mb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) >> 10  # type: ignore[index]


def run(engine: str, count: int, seconds: float, nodes: str) -> dict[str, object]:
    folder = Path(tempfile.mkdtemp(prefix="bench-search-"))
    node = None
    try:
        if engine == "elasticsearch" and not nodes:
            node, nodes = start_node(folder)
        index = open_index(engine, folder=folder, nodes=nodes, writer=True)  # type: ignore[arg-type]
        pages = Pages(folder / "pages.txt")
        result = measure(index, pages, count, seconds)
        pages.close()
        index.close()
        result["size_mb"] = size_mb(folder)
        if node:
            result["node_mb"] = resident_mb(node.pid)
        return result
    finally:
        if node:
            node.terminate()
            node.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--engine", nargs="+", default=["embedded", "elasticsearch"])
    parser.add_argument("--nodes", default="", help="URL of a running Elasticsearch; else one is started")
    parser.add_argument("--seconds", type=float, default=15.0)
    wanted = parser.parse_args()
    machine = f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores"
    results = {engine: run(engine, wanted.documents, wanted.seconds, wanted.nodes) for engine in wanted.engine}
    report = {"date": f"{datetime.now(UTC):%Y-%m-%d %H:%M}", "machine": machine, "engines": results}
    print(json.dumps(report, indent=1, ensure_ascii=False))
    kept = ROOT / "bench" / "results"
    kept.mkdir(exist_ok=True)
    (kept / f"search-{wanted.documents}.json").write_text(json.dumps(report, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
