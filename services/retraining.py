"""Learn anew by schedule: a child process of ``watch`` or ``worker`` trains; the gate decides whether it holds."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import timedelta

import sqlalchemy as sa

import classify
from core.clock import now
from core.errors import IntegrityError
from core.logs import log
from models import SYSTEM, RoutingModel
from services.house import House
from services.labels import valid_labels
from services.learning import decisions_since, load_router
from services.training import Trained, kept_labels, train_model
from services.units import valid_units

LOG = log(__name__)
INTERVALS = {"daily": timedelta(days=1), "weekly": timedelta(days=7), "monthly": timedelta(days=30)}
SOONEST = timedelta(days=1)  # when more was decided than quick updates are good for
FIRST, FIRST_EACH = 30, 5  # labels for a first version, in all and a unit: with fewer, duty texts are better (ADR 0009)
LOOK_SECONDS = 60.0
PAUSE_SECONDS = 3600.0  # after a training, whatever came of it


def is_due(house: House) -> bool:
    """Whether people decided something new, and the newest version is old enough (or has no room for more); after a
    reorganisation always."""
    interval = INTERVALS.get(house.settings.retrain)
    if interval is None:
        return False
    with house.database.read() as session:
        newest = session.scalar(sa.select(RoutingModel).order_by(-RoutingModel.version).limit(1))
        if newest is None:
            enough = max(FIRST, FIRST_EACH * len(valid_units(session)))
            return len(valid_labels(session)) >= enough
        age = now() - newest.trained_at
        reorganised = newest.gate.get("why") == "reorganised"
        if age < min(interval, SOONEST) and not reorganised:
            return False
        router = load_router(house.settings.routing_models / newest.folder, newest.sha256)
        fresh = len(decisions_since(session, router))
    if reorganised:
        return fresh > 0 or newest.labels is not None or router.card.n > 0
    return fresh > 0 and (age >= interval or fresh > classify.room_for_updates(router))


def retrain(house: House) -> Trained | None:
    """Train when it is due and no other process does, from people's decisions and the file of labels that the active
    version learnt from. Returns: the version, or None."""
    with house.database.leading("retrain") as leading:
        if not leading or not is_due(house):
            return None
        with house.database.read() as session:
            kept = session.scalar(sa.select(RoutingModel.labels).where(RoutingModel.active))
        trained = train_model(house, SYSTEM, kept_labels(house, kept) if kept else None)
        LOG.info("retrained", extra={"version": trained.version, "active": trained.active})
        return trained


class Retraining:
    """Looks once a minute whether a training is due; it runs in a process of its own, so that nothing waits."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._child: subprocess.Popen[bytes] | None = None
        self._next = time.monotonic()

    def look(self) -> None:
        """Start a training when it is due; does nothing while one runs."""
        if self._child is not None:
            if self._child.poll() is None:
                return
            if self._child.returncode:
                LOG.warning("retrain_failed", extra={"code": self._child.returncode})
            self._child, self._next = None, time.monotonic() + PAUSE_SECONDS
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + LOOK_SECONDS
        try:
            due = is_due(self._house)
        except IntegrityError:  # a damaged version: `doctor` and each letter say so; the mail goes on
            LOG.warning("retrain_impossible", exc_info=True)
            return
        if due:
            home = str(self._house.settings.home)
            words = [sys.executable, "-m", "cli", "--home", home, "model", "retrain"]
            self._child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def close(self) -> None:
        """End a training that still runs; a version that is not written whole is none."""
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            self._child.wait()
