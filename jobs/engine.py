"""The one module that knows DBOS Transact: durable workflows on SQLite or PostgreSQL.

The application database is the truth, the job database is disposable: what is in no final state is enqueued again
under the same workflow id (reconcile). A dead process's workflows are taken over (keeper) and then run alone: in a
process of its own, in a lane of width one, so that a crash can be charged to the letter that caused it.
"""

from __future__ import annotations

import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer

from core.clock import now, stamp
from core.errors import EnvironmentProblem, ProgramFailed
from core.logs import log
from core.open_faults import OpenFaults
from core.program import Limits, limited
from jobs.liveness import forget, living, mark_alive, new_executor_id, tell
from jobs.outcome import CRASHED, OK, outcome_of_line, run_step
from jobs.refusing import never_unpickle, refused_workflows
from jobs.steps import Steps
from jobs.supervision import Supervisor
from jobs.trying import Trying
from models import DOCUMENT, SOURCE, Database, Executor, Pending, Takeover
from models.database import give_up_read_only

LOG = log(__name__)
NAME = "aktenlotse"
VERSION = "way-1"  # raised by hand when the order of the steps changes
QUEUE, LONE_QUEUE = "letters", "alone"
URGENT, STARTED, NORMAL = 1, 50, 100  # lower runs first; what was opened is finished before more is opened
LATER = 200  # what failed before: others go first
BEAT_SECONDS = 2.0
RECONCILE_SECONDS = 30.0
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 30.0  # seconds until what ended without a final state is tried again
STRANDED_SECONDS = 10.0  # after which a way that is ours and does not run here was given up by the engine
POLL_SECONDS, LONE_POLL_SECONDS = 0.2, 1.0  # what a dead process left may wait a little
MAX_CRASHES = 2
KEEP_FINISHED = timedelta(days=14)
LONE_SECONDS = 3600.0
STUCK = {"ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED", "SUCCESS"}


class Engine:
    """Runs the steps in this process until it is closed. One a process."""

    def __init__(
        self, url: str, database: Database, steps: Steps, faults: OpenFaults, *, workers: int, task: str
    ) -> None:
        self.database, self.steps, self.task, self.faults = database, steps, task, faults
        self.executor = new_executor_id()
        self.trying = Trying(faults, steps.probe, steps.stumbled)
        self._url, self._workers = url, workers
        self._one_ended = threading.Event()
        self._running: dict[str, float] = {}  # workflows that run here, and since when
        self._next_reconcile = 0.0
        never_unpickle()
        self._flows = {kind: self._workflow(kind) for kind in (SOURCE, DOCUMENT)}
        with database.write() as session:
            mark_alive(session, self.executor, task)  # known as alive before taking work
        self._launch()
        self._reconcile()
        self._supervisor = Supervisor(faults)
        self._supervisor.start("keeper", self._beat, BEAT_SECONDS)
        self._supervisor.start("reconcile", self._reconcile_when_due, BEAT_SECONDS)
        for name, (act, seconds) in steps.loops.items():
            self._supervisor.start(name, act, seconds)

    def _launch(self) -> None:
        _use_wal(self._url)
        self._dbos = DBOS(
            config={
                "name": NAME,
                "system_database_url": self._url,
                "executor_id": self.executor,
                "application_version": VERSION,
                "serializer": DBOSPortableJSONSerializer(),
                "log_level": "CRITICAL",
                "console_log_level": "CRITICAL",
                "db_engine_kwargs": (
                    {"connect_args": {"factory": _Disposable}} if self._url.startswith("sqlite") else {}
                ),
                "max_executor_threads": self._workers * 2 + 8,
                "notification_listener_polling_interval_sec": 0.25,  # we send none; closing waits as long
            }
        )
        with self.database.exclusively("job-database"):
            DBOS.launch()
        give_up_read_only(self._dbos._sys_db.engine)
        self._register_queues()

    def _register_queues(self) -> None:
        # two more than there are cores: while some wait for validator and disk, the others read
        DBOS.register_queue(QUEUE, worker_concurrency=self._workers + 2, polling_interval_sec=POLL_SECONDS)
        DBOS.register_queue(LONE_QUEUE, worker_concurrency=1, polling_interval_sec=LONE_POLL_SECONDS)
        self._place = _place_of(self._url)

    def submit(self, pending: Iterable[Pending]) -> None:
        """Enqueue what waits; a workflow that is there already stays as it is."""
        for item in pending:
            DBOS.enqueue_workflow_with_options(_options(item), item.id)

    def close(self, drain_seconds: int = 60) -> None:
        """Take no new work, finish what runs as far as the time allows, hand back the rest."""
        self.trying.end()
        # with a time to wait it sleeps for a second first, whether anything runs or not
        DBOS.destroy(workflow_completion_timeout_sec=drain_seconds if self._running else 0, destroy_registry=True)
        self._supervisor.close()
        try:
            with self.database.write() as session:
                forget(session, {self.executor})
        except EnvironmentProblem:
            LOG.warning("not_signed_off")  # a dead pid is noticed at once

    def wait_for_one(self, seconds: float) -> None:
        """Until a way has ended in this process since the last call, or the time has passed."""
        self._one_ended.wait(seconds)
        self._one_ended.clear()

    # -- the way of one thing ---------------------------------------------------------------------------------

    def _workflow(self, kind: str) -> Callable[[str], None]:
        steps = [(name, self._step(kind, name, step)) for name, step in self.steps.steps[kind]]

        @DBOS.step(name=f"{kind}.fail", retries_allowed=True, max_attempts=3)
        def fail(id: str, code: str, details: dict[str, Any]) -> None:
            self.steps.fail(kind, id, code, details)

        @DBOS.step(name=f"{kind}.follow")
        def follow(id: str) -> list[dict[str, Any]]:
            return [asdict(item) for item in self.steps.follow(id)]

        @DBOS.workflow(name=kind)
        def way(id: str) -> None:
            workflow = str(DBOS.workflow_id)
            self._running[workflow] = time.monotonic()
            try:
                taken_over = self._was_taken_over(workflow)
                for _, step in steps:
                    outcome = step(id, taken_over)
                    if not outcome["ok"]:
                        fail(id, outcome["code"], outcome["details"])
                        return
                if kind == SOURCE:
                    self.submit(Pending(**item) for item in follow(id))
            finally:
                self._running.pop(workflow, None)  # it may run twice, where the engine gave it up too soon
                self._one_ended.set()

        return way

    def _was_taken_over(self, workflow: str) -> bool:
        with self.database.read() as session:
            return session.get(Takeover, workflow) is not None

    def _step(self, kind: str, name: str, step: Callable[[str], None]) -> Callable[[str, bool], dict[str, Any]]:
        @DBOS.step(name=f"{kind}.{name}")
        def durable(id: str, taken_over: bool) -> dict[str, Any]:
            workflow = str(DBOS.workflow_id)

            def once() -> dict[str, Any]:
                if not taken_over:
                    return run_step(step, id)
                if self.steps.settled(kind, id):
                    return OK  # by the lone process of an earlier step
                return self._run_alone(workflow, self.steps.alone(kind, name, id))

            return self.trying.run(kind, name, id, once)

        return durable

    def _run_alone(self, workflow: str, command: list[str]) -> dict[str, Any]:
        """Run the rest of a way in a process of its own. Only its death is charged to the letter, never ours."""
        try:
            process = subprocess.run(
                limited(command, Limits(cpu_seconds=int(LONE_SECONDS), memory_mb=0)),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=LONE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ProgramFailed(program="aktenlotse", why="timeout") from None
        if process.returncode >= 0:
            try:
                return outcome_of_line(process.stdout.splitlines()[-1])
            except (ValueError, IndexError):
                raise ProgramFailed(program="aktenlotse", why=str(process.returncode)) from None
        with self.database.write() as session:
            row = session.get(Takeover, workflow) or Takeover(workflow_id=workflow, count=0, crashes=0)
            row.crashes += 1
            session.add(row)
            crashes = row.crashes
        LOG.warning("lone_step_crashed", extra={"workflow": workflow, "signal": -process.returncode})
        if crashes >= MAX_CRASHES:
            return {"ok": False, "code": CRASHED, "details": {"signal": -process.returncode}}
        raise ProgramFailed(program="aktenlotse", why=f"signal {-process.returncode}")

    # -- the keeper -------------------------------------------------------------------------------------------

    def _beat(self) -> None:
        """Say that we live, how our loops stand and what we suffer from; take over what the dead held."""
        self._supervisor.look()
        self.faults.end_silent()
        with self.database.write() as session:
            mark_alive(session, self.executor, self.task)
            tell(session, self.executor, self._supervisor.loops, self.faults.listed())
        self._take_over()

    def _reconcile_when_due(self) -> None:
        """Seldom while all is well, and as soon as a fault may be over."""
        if _place_of(self._url) != self._place:
            self._begin_job_database_anew()
        if time.monotonic() >= self._next_reconcile or (self.faults.listed() and self.trying.is_well()):
            self._reconcile()
            self._next_reconcile = time.monotonic() + RECONCILE_SECONDS

    def _begin_job_database_anew(self) -> None:
        """Its file was deleted or replaced under us: what was in it is enqueued again from the application database."""
        system = self._dbos._sys_db
        system.engine.dispose()
        _use_wal(self._url)
        with self.database.exclusively("job-database"):
            system.run_migrations()
            system.create_application_version(VERSION)
        self._register_queues()
        LOG.warning("job_database_begun_anew")

    def _take_over(self) -> None:
        """Bring back what dead executors held; it runs alone from then on."""
        with self.database.leading("keeper") as leading:
            if not leading:
                return
            held = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
            with self.database.read() as session:
                alive = living(session)
                known = set(session.scalars(sa.select(Executor.id)))
            if known - alive:
                with self.database.write() as session:
                    forget(session, known - alive)
            for workflow in held:
                if workflow.executor_id in alive:
                    continue
                with self.database.write() as session:
                    row = session.get(Takeover, workflow.workflow_id) or Takeover(
                        workflow_id=workflow.workflow_id, count=0, crashes=0
                    )
                    row.count += 1
                    session.add(row)
                DBOS.resume_workflow(workflow.workflow_id, queue_name=LONE_QUEUE)
                LOG.warning("taken_over", extra={"workflow": workflow.workflow_id})

    def _reconcile(self) -> None:
        """Enqueue what is in no final state and has no workflow; give a new attempt to what ended without one."""
        self._take_over()
        self._refuse()
        pending = self.steps.pending()
        known = {}
        for start in range(0, len(pending), 500):
            ids = [item.workflow for item in pending[start : start + 500]]
            found = DBOS.list_workflows(workflow_ids=ids, load_input=False, load_output=False)
            known.update({workflow.workflow_id: workflow for workflow in found})
        self.submit(item for item in pending if item.workflow not in known)
        for item in pending:
            workflow = known.get(item.workflow)
            if workflow is None:
                continue
            if workflow.status in STUCK and _is_due(workflow, item):
                self.steps.again(item)
                self.submit([replace(item, attempt=item.attempt + 1)])
            elif workflow.status == "PENDING" and self._is_stranded(workflow):
                DBOS.resume_workflow(workflow.workflow_id, queue_name=QUEUE)
        self._forget_finished()

    def _refuse(self) -> None:
        """End the workflows that somebody else wrote; their letters get a new one."""
        for workflow in refused_workflows(self._url):
            DBOS.cancel_workflow(workflow)
            LOG.warning("job_row_refused", extra={"workflow": workflow})

    def _is_stranded(self, workflow: Any) -> bool:
        """Whether the engine gave up a way of ours without a word, because its own database did not answer."""
        ours = workflow.executor_id == self.executor and workflow.workflow_id not in self._running
        return ours and not 0 <= _age(workflow) < STRANDED_SECONDS

    def _forget_finished(self) -> None:
        old = DBOS.list_workflows(
            status=["SUCCESS", "ERROR", "CANCELLED"],
            completed_before=stamp(now() - KEEP_FINISHED),
            load_input=False,
            load_output=False,
            limit=1000,
        )
        if old:
            DBOS.delete_workflows([workflow.workflow_id for workflow in old])


def submit_from_outside(url: str, pending: Iterable[Pending]) -> None:
    """Enqueue from a process that runs no steps (web, short commands). Without a job database it does nothing:
    the next worker's reconcile pass finds what waits."""
    if url.startswith("sqlite") and not Path(url.split("///", 1)[1]).exists():
        return
    never_unpickle()
    client = DBOSClient(system_database_url=url, serializer=DBOSPortableJSONSerializer(), application_name=NAME)
    try:
        for item in pending:
            client.enqueue({"workflow_name": item.kind, **_options(item)}, item.id)  # type: ignore[typeddict-item]
    finally:
        client.destroy()


def _options(item: Pending) -> Any:
    return {
        "workflow_name": item.kind,
        "queue_name": QUEUE,
        "workflow_id": item.workflow,
        "priority": _priority(item),
    }


def _priority(item: Pending) -> int:
    if item.urgent:
        return URGENT
    return LATER if item.attempt > 1 else STARTED if item.kind == DOCUMENT else NORMAL


def _age(workflow: Any) -> float:
    """Seconds since its last change; below 0 when the clock was set back since."""
    return time.time() - (workflow.updated_at or 0) / 1000


def _is_due(workflow: Any, item: Pending) -> bool:
    """Whether the pause is over that grows with each attempt."""
    pause = min(FIRST_PAUSE * 2 ** (item.attempt - 1), LONGEST_PAUSE)
    return workflow.status == "SUCCESS" or not 0 <= _age(workflow) < pause


class _Disposable(sqlite3.Connection):
    """To the job database on SQLite, which does not wait for the disk at each commit: what a power cut takes from it,
    the application database brings back (reconcile)."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.execute("PRAGMA synchronous=NORMAL")


def _place_of(url: str) -> tuple[int, int] | None:
    """Which file the job database is; None: on a server, or gone."""
    if not url.startswith("sqlite"):
        return None
    try:
        found = Path(url.split("///", 1)[1]).stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _use_wal(url: str) -> None:
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.split("///", 1)[1], timeout=30)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        finally:
            connection.close()
