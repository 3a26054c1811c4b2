"""Saved searches: a person's own, journalled, found again by the person and by nobody else."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from tests.conftest import json_lines, run_program


def test_a_saved_search_is_ones_own(home: Path) -> None:
    for name in ("anna", "bernd"):
        run_program(home, "user", "add", name, "--unit", "22")
    run_program(home, "--as", "anna", "saved", "add", "Hunde", "Hund", "--from", "2025-01-01")
    run_program(home, "--as", "anna", "saved", "add", "Hunde", "Hundesteuer", "--unit", "22", "--to", "31.12.2025")
    kept = json_lines(run_program(home, "--as", "anna", "saved", "list", "--json"))
    assert [(one["name"], one["text"], one["unit"], one["date_from"], one["date_to"]) for one in kept] == [
        ("Hunde", "Hundesteuer", "22", None, "2025-12-31")
    ]
    assert json_lines(run_program(home, "--as", "bernd", "saved", "list", "--json")) == []
    unknown = run_program(home, "--as", "bernd", "search", "--saved", "Hunde", check=False)
    assert unknown.returncode == 2
    assert json.loads(run_program(home, "--as", "anna", "search", "--saved", "Hunde", "--json").stdout)["total"] == 0
    assert run_program(home, "--as", "bernd", "saved", "remove", "Hunde", check=False).returncode == 2
    assert run_program(home, "--as", "anna", "saved", "add", "leer", check=False).returncode == 2
    run_program(home, "--as", "anna", "saved", "remove", "Hunde")
    assert json_lines(run_program(home, "--as", "anna", "saved", "list", "--json")) == []
    with sqlite3.connect(home / "aktenlotse.db") as database:
        acts = [row[0] for row in database.execute("select action from journal_entries order by seq")]
    assert [act for act in acts if act in ("search.save", "search.forget")] == [
        "search.save",
        "search.save",
        "search.forget",
    ]
