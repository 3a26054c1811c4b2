"""Who acts and who may, as people meet it at the command line: acting for others, locking, showing, revoking."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from core.account import account_name
from tests.conftest import json_lines, run_program

CUT = b"%PDF-1.4 abgeschnitten, Zwirbelquast"


@pytest.fixture(scope="module")
def new_town(new_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """To be copied: a home with two more admins (``anna``, ``berta``), a caseworker (``carl``), and one bad file."""
    folder = tmp_path_factory.mktemp("people")
    home = Path(shutil.copytree(new_home, folder / "home"))
    for name in ("anna", "berta"):
        run_program(home, "user", "add", name, "--role", "admin", "--unit", "22")
    run_program(home, "user", "add", "carl", "--unit", "22", "--confidential")
    (folder / "eingang").mkdir()
    (folder / "eingang" / "Zwirbelquast.pdf").write_bytes(CUT)
    run_program(home, "ingest", str(folder / "eingang"), "--move", check=False)
    return home


@pytest.fixture
def town(new_town: Path, tmp_path: Path) -> Path:
    """A copy of one's own."""
    return Path(shutil.copytree(new_town, tmp_path / "home"))


def _refused(home: Path, words: str, *said: str, account: str | None = None) -> None:
    """The command ends with 2 and says ``said``."""
    result = run_program(home, *words.split(), check=False, account=account)
    assert result.returncode == 2, (words, result.stdout, result.stderr)
    sentence = " ".join(result.stderr.split())
    assert all(word in sentence for word in said), sentence


def _entries(home: Path, action: str) -> list[tuple[str, dict[str, Any]]]:
    """Actor and data of the journal's entries of an action."""
    with sqlite3.connect(home / "aktenlotse.db") as database:
        rows = database.execute("select actor, data from journal_entries where action = ? order by seq", (action,))
        return [(actor, json.loads(data)) for actor, data in rows]


def _show(home: Path, name: str) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(run_program(home, "user", "show", name, "--json").stdout)
    return shown


def _is_rebuilt_equal(home: Path) -> None:
    assert json.loads(run_program(home, "archive", "drill", "--json").stdout)["different"] == {}


# -- acting for others -------------------------------------------------------------------------------------------


def test_only_admins_act_for_others_and_only_for_living_accounts(town: Path) -> None:
    _refused(town, "--as anna user list", "--as", "admin", "carl", account="carl")
    assert run_program(town, "--as", "carl", "list", account="carl").returncode == 0
    _refused(town, "--as carl list", "gibt es nicht", account="nobody-here")
    run_program(town, "user", "lock", "anna")
    _refused(town, "--as anna list", "anna", "gesperrt")
    _refused(town, "--as carl list", "anna", "gesperrt", account="anna")


def test_the_journal_keeps_the_account_behind_whom_it_names(town: Path) -> None:
    run_program(town, "--as", "anna", "grant", "give", "carl", "--unit", "50")
    run_program(town, "grant", "give", "carl", "--unit", "51")
    behind, own = _entries(town, "grant.give")[-2:]
    assert (behind[0], behind[1]["os_account"]) == ("anna", account_name())
    assert (own[0], "os_account" in own[1]) == (account_name(), False)
    assert json.loads(run_program(town, "audit", "verify", "--json").stdout)["ok"]
    _is_rebuilt_equal(town)


def test_the_environment_does_not_say_who_calls(town: Path) -> None:
    _refused(town, "--as berta user list", "darf nur", account="carl")
    lied = run_program(town, "user", "add", "dora", env={"LOGNAME": "anna", "USER": "anna"})
    assert "dora" in lied.stdout
    assert _entries(town, "user.add")[-1][0] == account_name()


# -- four eyes ---------------------------------------------------------------------------------------------------


def _number(home: Path) -> str:
    number: str = json_lines(run_program(home, "quarantine", "list", "--json"))[0]["entry_no"]
    return number


def test_one_account_is_never_two_persons(town: Path) -> None:
    home, number = town, _number(town)
    run_program(home, "--as", "anna", "disposal", "propose", number, "--unlawful", "--purpose", "nicht unseres")
    (line,) = json_lines(run_program(home, "disposal", "list", "--json"))
    id = line["id"]
    assert (line["proposed_by"], line["proposed_account"]) == ("anna", account_name())
    _refused(home, f"--as anna disposal release {id}", "selbst")
    _refused(home, f"--as berta disposal release {id}", account_name(), "--as")
    _refused(home, f"disposal release {id}", account_name(), "--as")
    _refused(home, f"disposal release {id}", "selbst", account="anna")
    run_program(home, "disposal", "release", id, account="berta")
    _is_rebuilt_equal(home)


def test_the_account_of_a_proposal_survives_a_rebuild(town: Path) -> None:
    home, number = town, _number(town)
    run_program(home, "--as", "anna", "disposal", "propose", number, "--unlawful", "--purpose", "nicht unseres")
    id = json.loads(run_program(home, "disposal", "list", "--json").stdout)["id"]
    for file in home.glob("aktenlotse.db*"):
        file.unlink()
    run_program(home, "archive", "rebuild")
    _refused(home, f"--as berta disposal release {id}", account_name())


def test_quarantined_bytes_are_erased_by_two_and_nowhere_afterwards(town: Path) -> None:
    home, number = town, _number(town)
    assert _traces(home)
    _refused(home, f"disposal propose {number} --unlawful", "--purpose")
    run_program(home, "disposal", "propose", number, "--unlawful", "--purpose", "nicht unseres")
    id = json.loads(run_program(home, "disposal", "list", "--json").stdout)["id"]
    run_program(home, "disposal", "release", id, account="anna")
    record = json.loads(run_program(home, "disposal", "list", "--json").stdout)
    assert (record["state"], record["kind"], record["reference"], record["documents"], record["sources"]) == (
        *("destroyed", "source", number),
        *(0, 1),
    )
    assert _traces(home) == []
    assert json_lines(run_program(home, "quarantine", "list", "--json")) == []
    _refused(home, f"show {number}", number)
    for words in (("audit", "verify"), ("archive", "verify")):
        assert json.loads(run_program(home, *words, "--json").stdout)["ok"]
    _is_rebuilt_equal(home)


def _traces(home: Path) -> list[Path]:
    """Files that hold the bytes of the delivery, or are called like it."""
    files = [path for path in home.rglob("*") if path.is_file()]
    return [path for path in files if "Zwirbelquast" in path.name or b"Zwirbelquast" in path.read_bytes()]


def test_a_letter_whose_repetition_was_under_way_is_not_erased(town: Path) -> None:
    home, number = town, _number(town)
    run_program(home, "disposal", "propose", number, "--unlawful", "--purpose", "nicht unseres")
    id = json.loads(run_program(home, "disposal", "list", "--json").stdout)["id"]
    with sqlite3.connect(home / "aktenlotse.db") as database:
        database.execute("update sources set state = 'working'")
    _refused(home, f"disposal release {id}", "unterwegs", account="anna")


def test_discarding_needs_a_reason_and_a_second_person(town: Path) -> None:
    home, number = town, _number(town)
    _refused(home, f"quarantine discard {number}", "--reason")
    said = run_program(home, "quarantine", "discard", number, "--reason", "leere Seite").stdout
    assert "zweite Person" in said
    assert "leere Seite" in run_program(home, "quarantine", "list").stdout
    _refused(home, f"quarantine discard {number} --reason x", "selbst")
    _refused(home, f"--as anna quarantine discard {number}", account_name())
    assert _number(home) == number
    _is_rebuilt_equal(home)
    run_program(home, "quarantine", "discard", number, account="anna")
    assert json_lines(run_program(home, "quarantine", "list", "--json")) == []
    _refused(home, f"quarantine discard {number}", "schon")
    assert _traces(home)  # the bytes stay
    _is_rebuilt_equal(home)
    run_program(home, "disposal", "propose", number, "--unlawful", "--purpose", "nicht unseres")


def test_one_person_may_discard_where_the_town_says_so(town: Path) -> None:
    alone = {"AKTENLOTSE_DISCARD_BY_TWO": "false"}
    run_program(town, "quarantine", "discard", _number(town), "--reason", "leer", env=alone)
    assert json_lines(run_program(town, "quarantine", "list", "--json")) == []


def test_everything_with_one_reason_is_tried_again(town: Path) -> None:
    home = town
    reason = json_lines(run_program(home, "quarantine", "list", "--json"))[0]["reason"]
    _refused(home, "quarantine retry", "--all")
    _refused(home, "quarantine retry --all", "--reason")
    assert ": 0" in run_program(home, "quarantine", "retry", "--all", "--reason", "internal_error").stdout
    assert "vorher: 1" in run_program(home, "quarantine", "retry", "--all", "--reason", reason).stdout


# -- users -------------------------------------------------------------------------------------------------------


def test_a_locked_user_acts_no_more_until_unlocked(town: Path) -> None:
    run_program(town, "user", "lock", "carl")
    _refused(town, "list", "gesperrt", account="carl")
    assert [user["active"] for user in json_lines(run_program(town, "user", "list", "--json"))].count(False) == 1
    assert "gesperrt" in run_program(town, "user", "list").stdout
    _is_rebuilt_equal(town)
    run_program(town, "user", "unlock", "carl")
    run_program(town, "list", account="carl")
    _is_rebuilt_equal(town)


def test_an_admin_always_stays(town: Path) -> None:
    me = account_name()
    for words in (f"user lock {me}", f"user role {me} --remove admin", f"--as anna user lock {me}"):
        _refused(town, words, me, "andere Person")
    run_program(town, "user", "lock", "anna")
    run_program(town, "user", "role", "berta", "--remove", "admin")
    for words in (f"user lock {me}", f"user role {me} --remove admin"):
        _refused(town, words, me, "letzte")
    _refused(town, "user lock berta", "berta", account="berta")


def test_a_role_is_given_and_taken_at_once(town: Path) -> None:
    _refused(town, "quarantine list", "carl", account="carl")
    assert "operator" in run_program(town, "user", "role", "carl", "--add", "operator").stdout
    run_program(town, "quarantine", "list", account="carl")
    run_program(town, "user", "role", "carl", "--remove", "operator", "--add", "post_room")
    assert _show(town, "carl")["roles"] == ["caseworker", "post_room"]
    _is_rebuilt_equal(town)
    _refused(town, "user role carl", "--add")


def test_show_says_everything_that_a_user_may(town: Path) -> None:
    run_program(town, "grant", "give", "carl", "--permission", "read")
    run_program(town, "user", "role", "carl", "--add", "post_room")
    with sqlite3.connect(town / "aktenlotse.db") as database:  # no command opens a single letter yet
        database.execute(
            "insert into grants (user_id, document_id, permission, confidential, given_by, given_at) "
            "select id, 'brief-1', 'read', 0, 'anna', '2026-01-01 00:00:00' from users where name = 'carl'"
        )
    shown = _show(town, "carl")
    assert [(right["unit"], right["document"], right["confidential"]) for right in shown["grants"]] == [
        ("22", None, True),
        (None, None, False),
        (None, "brief-1", False),
    ]
    assert shown["by_role"]["post_room"]["places"] == ["clarify", "intake", "sealed"]
    assert (shown["password"], shown["sessions"]) == (False, [])
    words = run_program(town, "user", "show", "carl").stdout
    assert all(word in words for word in ("auch Vertrauliches", "alle Einheiten", "Brief brief-1", "Rolle post_room"))
    assert "auch Vertrauliches" in run_program(town, "user", "list").stdout
    assert "carl" in run_program(town, "user", "show", "carl", account="carl").stdout
    _refused(town, "user show anna", "carl", account="carl")


def test_revoking_says_what_it_takes_and_what_is_left(town: Path) -> None:
    run_program(town, "grant", "give", "carl", "--permission", "read")
    run_program(town, "grant", "give", "carl", "--unit", "50")
    _refused(town, "grant revoke carl --unit 50 --all-units", "--all-units")
    one = run_program(town, "grant", "revoke", "carl", "--all-units").stdout
    assert "Entzogen: alle Einheiten: liest" in one
    assert "carl behält: 2 eigene Rechte" in one
    rest = run_program(town, "grant", "revoke", "carl").stdout
    assert "22: liest und bearbeitet, auch Vertrauliches" in rest
    assert "Entzogen: 50: liest" in rest
    assert "carl behält: 0 eigene Rechte; Rollen: caseworker" in rest
    assert _show(town, "carl")["grants"] == []
    _is_rebuilt_equal(town)
