"""What somebody else wrote into the job database is not run, not even read; the letter takes its way all the same."""

from __future__ import annotations

import base64
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from jobs.refusing import refused_workflows
from tests.conftest import json_lines, run_program


class Marker:
    """Makes a file when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, int]]:
        return os.mknod, (str(self.file), 0o600)


def poisoned(file: Path) -> str:
    return base64.b64encode(pickle.dumps(Marker(file))).decode()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_pickle_in_the_job_database_is_never_read(
    kind: str, home: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{home / 'jobs.db'}"
    env = {}
    if kind == "postgresql":
        env["AKTENLOTSE_JOBS"] = url = f"postgresql://test@{request.getfixturevalue('postgres')()}"
    letter = tmp_path / "brief.txt"
    letter.write_text("Sehr geehrte Damen und Herren, ich melde meinen Hund ab.")
    run_program(home, "ingest", str(letter), env=env)
    marker = tmp_path / "unpickled"
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    schema = "" if kind == "sqlite" else "dbos."
    with engine.begin() as connection:
        row = dict(connection.execute(sa.text(f"SELECT * FROM {schema}workflow_status LIMIT 1")).mappings().one())
        for number, state in enumerate(("ENQUEUED", "PENDING", "SUCCESS")):
            row |= {"workflow_uuid": f"foreign-{number}", "status": state, "queue_name": "letters", "output": None}
            row |= {"inputs": poisoned(marker), "serialization": "py_pickle", "executor_id": "nobody"}
            row |= {"owner_xid": None, "deduplication_id": None, "error": None, "completed_at": None}
            places = ", ".join(f":{name}" for name in row)
            connection.execute(
                sa.text(f"INSERT INTO {schema}workflow_status ({', '.join(row)}) VALUES ({places})"), row
            )
    engine.dispose()
    letter.write_text("Sehr geehrte Damen und Herren, meine Straße ist dunkel.")
    (line,) = json_lines(run_program(home, "ingest", str(letter), "--json", env=env))
    assert line["state"] in ("filed", "clarify")
    assert not marker.exists()
    assert not refused_workflows(url)  # none waits any more
    assert "3" in run_program(home, "status", env=env).stdout.split("Arbeitsschritte")[0].splitlines()[-1]
