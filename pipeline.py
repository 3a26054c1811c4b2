"""The way of a letter, read like a table of contents.

    receive   delivered file  -> Source      bytes in the store, entry number, row committed; then moved to done/
    open      Source          -> Documents   one letter each, parted by separator sheets
    read      pages           -> text        words with boxes, what the letter says about itself
    route     text            -> unit        by reference, rule or model; or a person is asked
    seal      pages, words    -> PDF/A       with the validator's verdict
    file      all of it       -> archive     one object; EFile, Case and in-tray; the final state
    index     Document        -> search      an outbox row; one indexer empties it

``receive`` runs where the file arrives; the rest are durable steps: each may run twice with the same result, and
only ids travel between them. ``jobs`` runs them, ``services`` does the work.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from core.clock import now
from core.faults import machine_fault
from core.logs import log
from jobs import Engine, Steps
from models import DOCUMENT, SOURCE, Document, Pending
from services.copying import keep_copy
from services.destroying import try_to_finish
from services.filing import file_document
from services.health import probe
from services.house import House
from services.indexing import empty_outbox, queue_for_index
from services.intake import Received
from services.learning import prepare
from services.opening import open_source
from services.paper import renew_notes
from services.proving import stamp_journal
from services.reading import read_document
from services.reception import count_stumble, documents_pending, is_settled, pending, put_aside, raise_attempt
from services.retraining import Retraining
from services.routing import route_document
from services.sealing import seal_document

LOG = log(__name__)
STAYING = ("watch", "worker")  # tasks of processes that stay
ROUND_SECONDS = 2.0  # between two rounds of a loop beside the letters
SOURCE_STEPS = (("open", open_source),)
DOCUMENT_STEPS = (
    ("read", read_document),
    ("route", route_document),
    ("seal", seal_document),
    ("file", file_document),
    ("index", queue_for_index),
)


def steps_of(house: House, retraining: Retraining | None = None) -> Steps:
    """The steps, bound to a home, as the engine takes them. ``retraining``: of a process that stays and may train."""
    timings: dict[str, dict[str, float]] = {}

    def bound(name: str, step: Callable[[House, str], None]) -> Callable[[str], None]:
        def run(id: str) -> None:
            started = time.monotonic()
            step(house, id)
            timings.setdefault(id, {})[name] = round(time.monotonic() - started, 3)
            if name == DOCUMENT_STEPS[-1][0]:
                _note_timings(house, id, timings.pop(id))

        run.__name__ = name
        return run

    return Steps(
        steps={
            SOURCE: [(name, bound(name, step)) for name, step in SOURCE_STEPS],
            DOCUMENT: [(name, bound(name, step)) for name, step in DOCUMENT_STEPS],
        },
        follow=lambda id: documents_pending(house, id),
        fail=lambda kind, id, code, details: put_aside(house, kind, id, code, details),
        pending=lambda: pending(house),
        again=lambda item: raise_attempt(house, item),
        alone=lambda kind, step, id: [
            *(sys.executable, "-m", "cli", "--home", str(house.settings.home), "step", kind, step, id)
        ],
        settled=lambda kind, id: is_settled(house, kind, id),
        probe=lambda: probe(house),
        stumbled=lambda kind, id, problem: count_stumble(house, kind, id, problem),
        loops={name: (act, ROUND_SECONDS) for name, act in _beside(house, retraining).items()},
    )


@contextmanager
def running(house: House, task: str) -> Iterator[Engine]:
    """Run steps in this process until the block ends; what is unfinished then is handed back."""
    house.store.recover()
    try_to_finish(house)
    retraining = Retraining(house) if task in STAYING else None
    steps = steps_of(house, retraining)
    gc.freeze()  # what is loaded by now stays; every collection would look through it again
    warming = _warm_up(house)
    engine = Engine(
        house.settings.jobs_url, house.database, steps, house.faults, workers=house.settings.workers, task=task
    )
    try:
        yield engine
    finally:
        engine.close()
        warming.join()
        if retraining is not None:
            retraining.close()
        for name, act in _beside(house).items():
            _try_once(house, name, act)
        gc.unfreeze()


def _warm_up(house: House) -> threading.Thread:
    """Start what the first letters would wait for, while they are read."""
    house.kept.warm_up()
    house.validator.warm_up()

    def load() -> None:
        try:
            prepare(house)
        except Exception as error:  # the letters' own step fails with it, and tells
            LOG.info("router_not_warm", extra={"code": machine_fault(error).code}, exc_info=True)

    thread = threading.Thread(target=load, name="warm-up", daemon=True)
    thread.start()
    return thread


def first_step(arrival: Received) -> Pending:
    """What is to be enqueued after ``receive``."""
    return Pending(SOURCE, arrival.source_id, arrival.attempt)


def _beside(house: House, retraining: Retraining | None = None) -> dict[str, Callable[[], object]]:
    """What is done every few seconds beside the letters: each by itself, so that none waits for another's fault."""
    acts: dict[str, Callable[[], object]] = {
        "index": lambda: empty_outbox(house),
        "notes": lambda: renew_notes(house),
        "journal": lambda: _keep_journal(house),
        "stamps": lambda: stamp_journal(house),
        "copy": lambda: keep_copy(house),
    }
    return acts | ({"retraining": retraining.look} if retraining is not None else {})


def _keep_journal(house: House) -> None:
    """Sign what is due; yesterday's journal goes into the archive."""
    house.journal.sign(house.database)
    house.journal.close_days(house.database)


def _try_once(house: House, name: str, act: Callable[[], object]) -> None:
    """At the end of a process; what fails now is done by the next one."""
    try:
        act()
    except Exception as error:  # noqa: BLE001  the outer boundary, noted and logged
        house.faults.note(name, machine_fault(error))


def _note_timings(house: House, document_id: str, seconds: dict[str, float]) -> None:
    with house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.timings = {**document.timings, **seconds}
        document.updated_at = now()
