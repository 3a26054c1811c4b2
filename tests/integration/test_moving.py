"""A home moves from SQLite to PostgreSQL and back as one command; the drill agrees on both."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from core.errors import Exit
from core.settings import Settings
from models import SYSTEM, User
from models.chain import record
from services.house import open_house
from services.identity import settle
from services.rebuilding import differences
from tests.conftest import json_lines, run_program
from tests.letters import some_letters


def test_a_home_moves_to_postgresql_and_back(home: Path, tmp_path: Path, postgres: Callable[[], str]) -> None:
    some_letters(tmp_path / "scanner", 3)
    run_program(home, "ingest", str(tmp_path / "scanner"))
    with open_house(Settings.load(home, {})) as house, house.database.write() as session:
        session.execute(sa.update(User).values(password_hash="secret"))
    old = Settings.load(home, {})
    before = json_lines(run_program(home, "list", "--json"))
    target = f"postgresql+psycopg://test@{postgres()}"
    run_program(home, "database", "move", target)
    new = Settings.load(home, {})
    assert new.database == target
    with open_house(old) as one, open_house(new) as other:
        assert differences(one, other) == {}
        with other.database.read() as session:
            assert session.scalars(sa.select(User.password_hash)).all() == ["secret"]
    assert json_lines(run_program(home, "list", "--json")) == before
    assert json.loads(run_program(home, "archive", "drill", "--json").stdout)["different"] == {}
    some_letters(tmp_path / "more", 5)  # rows that the new database numbers itself
    run_program(home, "ingest", str(tmp_path / "more"))
    run_program(home, "audit", "verify")
    run_program(home, "archive", "verify")
    numbers = [line["entry_no"] for line in json_lines(run_program(home, "list", "--json"))]
    assert len(numbers) == len(set(numbers)) == 5

    back = f"sqlite:///{tmp_path / 'back.db'}"
    run_program(home, "database", "move", back)
    run_program(home, "archive", "drill")
    assert len(json_lines(run_program(home, "list", "--json"))) == 5


def test_a_move_into_a_used_database_or_beside_a_running_process_is_refused(home: Path, tmp_path: Path) -> None:
    used = f"sqlite:///{tmp_path / 'used.db'}"
    run_program(home, "database", "move", used)
    refused = run_program(home, "database", "move", used, check=False)
    assert refused.returncode == Exit.USAGE and "leer" in refused.stdout + refused.stderr
    with open_house(Settings.load(home, {})) as house:
        settle(house)
        with house.database.write() as session:
            record(session, SYSTEM, "test.note", "home", "x")
    (home / "config.toml").write_text("")  # somebody goes on with the old one
    stale = run_program(home, "list", check=False)
    assert stale.returncode == Exit.INTEGRITY and "catch-up" in stale.stdout + stale.stderr
