"""Sessions: forged, old and ended ones are worth nothing; a wrong password costs time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from core.errors import Forbidden, UsageError
from models import SYSTEM, Actor, JournalEntry, Role, SignInTry
from services import accounts, passwords, registry
from services.house import House
from services.passwords import TooManyTries, WrongPassword, set_password
from services.sessions import KEY, SECONDS, Sessions, load_key

PASSWORD = "sieben Zwerge im Wald"


class Clock:
    """Time that the test moves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(house: House, clock: Clock) -> Sessions:
    set_password(house, SYSTEM, "amtfrau", PASSWORD)
    return Sessions(house, clock)


def test_a_session_names_the_user_with_the_roles_of_now(sessions: Sessions) -> None:
    visit = sessions.read(sessions.sign_in("amtfrau", PASSWORD, "127.0.0.1"))
    assert visit is not None
    assert (visit.actor.name, "admin" in visit.actor.roles) == ("amtfrau", True)


def test_it_ends_after_ten_hours(sessions: Sessions, clock: Clock) -> None:
    cookie = sessions.sign_in("amtfrau", PASSWORD, "127.0.0.1")
    clock.now += SECONDS
    assert sessions.read(cookie) is not None
    clock.now += 1
    assert sessions.read(cookie) is None


def test_a_changed_cookie_is_worth_nothing(sessions: Sessions) -> None:
    nonce, _, mac = sessions.sign_in("amtfrau", PASSWORD, "127.0.0.1").partition(".")
    for forged in (f"{nonce[:-1]}.{mac}", f"{nonce}.", nonce, "", ".", "ä.ö", None, f"{nonce}.{'0' * 64}"):
        assert sessions.read(forged) is None


def test_the_key_of_another_home_opens_nothing(sessions: Sessions, house: House) -> None:
    cookie = sessions.sign_in("amtfrau", PASSWORD, "127.0.0.1")
    (house.settings.keys / KEY).unlink()
    assert Sessions(house, lambda: 1_000_000.0).read(cookie) is None


def test_the_key_is_made_once_and_for_its_owner_only(house: House) -> None:
    file = house.settings.keys / KEY
    first = load_key(file)
    assert (len(first), load_key(file)) == (32, first)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.glob(".web*")] == []


def test_it_ends_with_a_new_password_a_lost_role_a_lock_and_from_afar(sessions: Sessions, house: House) -> None:
    registry.add_user(house, SYSTEM, "zweite", display_name=None, roles=(Role.ADMIN,), units=())
    ends: tuple[Callable[[], object], ...] = (
        lambda: set_password(house, SYSTEM, "amtfrau", PASSWORD),  # the same words
        lambda: accounts.change_roles(house, SYSTEM, "amtfrau", remove=(Role.AUDITOR,)),
        lambda: accounts.sign_out_everywhere(house, SYSTEM, "amtfrau"),
        lambda: accounts.lock_user(house, SYSTEM, "amtfrau"),
    )
    for end in ends:
        cookie = sessions.sign_in("amtfrau", PASSWORD, "127.0.0.1")
        assert sessions.read(cookie) is not None
        end()
        assert sessions.read(cookie) is None
    accounts.lock_user(house, SYSTEM, "amtfrau", unlock=True)
    assert sessions.read(cookie) is None  # what has ended does not come back


def test_signing_out_holds_in_every_process_and_after_a_restart(sessions: Sessions, house: House, clock: Clock) -> None:
    cookie, stays = (sessions.sign_in("amtfrau", PASSWORD, "127.0.0.1") for _ in range(2))
    visit = Sessions(house, clock).read(cookie)
    assert visit is not None
    Sessions(house, clock).sign_out(visit)
    assert sessions.read(cookie) is None
    assert sessions.read(stays) is not None


def test_a_locked_user_cannot_sign_in(sessions: Sessions, house: House) -> None:
    registry.add_user(house, SYSTEM, "zweite", display_name=None, roles=(Role.ADMIN,), units=())
    accounts.lock_user(house, SYSTEM, "amtfrau")
    with pytest.raises(WrongPassword):
        sessions.sign_in("amtfrau", PASSWORD, "127.0.0.1")


def test_form_tokens_belong_to_their_session(sessions: Sessions) -> None:
    token = sessions.form_token("eins")
    assert sessions.is_form_token("eins", token)
    assert not sessions.is_form_token("zwei", token)
    assert not sessions.is_form_token("eins", "")
    assert not sessions.is_form_token("eins", "ä")


def test_the_journal_knows_who_signed_in_and_holds_no_password(sessions: Sessions, house: House) -> None:
    sessions.sign_in("amtfrau", PASSWORD, "127.0.0.1")
    with house.database.read() as session:
        entries = session.scalars(sa.select(JournalEntry).order_by(JournalEntry.seq)).all()
    assert [entry.action for entry in entries][-2:] == ["user.password", "user.sign_in"]
    assert [dict(entry.data) for entry in entries][-2:] == [{}, {}]


def test_wrong_name_and_wrong_password_are_told_alike(sessions: Sessions) -> None:
    sentences = set()
    for name, password in (("amtfrau", "falsch"), ("niemand", PASSWORD), ("amtfrau", "")):
        with pytest.raises(WrongPassword) as caught:
            sessions.sign_in(name, password, "127.0.0.1")
        sentences.add(caught.value.sentence())
    assert len(sentences) == 1


def test_after_five_wrong_passwords_even_the_right_one_waits_in_every_process(house: House, clock: Clock) -> None:
    set_password(house, SYSTEM, "amtfrau", PASSWORD)
    for _ in range(5):
        with pytest.raises(WrongPassword):
            Sessions(house, clock).sign_in("amtfrau", "falsch", "10.0.0.1")
    with pytest.raises(TooManyTries) as caught:
        Sessions(house, clock).sign_in("amtfrau", PASSWORD, "10.0.0.1")
    assert caught.value.details["seconds"] == 300
    assert Sessions(house, clock).sign_in("amtfrau", PASSWORD, "10.0.0.2")  # the person elsewhere gets in
    clock.now += 301
    assert Sessions(house, clock).sign_in("amtfrau", PASSWORD, "10.0.0.1")


def test_many_tries_at_once_are_counted_too(house: House, clock: Clock) -> None:
    set_password(house, SYSTEM, "amtfrau", PASSWORD)
    sessions = Sessions(house, clock)

    def one(_: int) -> str:
        try:
            return sessions.sign_in("amtfrau", "falsch", "10.0.0.1")
        except UsageError as error:
            return error.code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(one, range(8))) == ["too_many_tries"] * 3 + ["wrong_password"] * 5


def test_tries_name_nobody_go_with_time_and_never_grow_for_ever(
    house: House, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "ROWS", 4)
    sessions = Sessions(house, clock)

    def rows(*names: str) -> list[SignInTry]:
        for name in names:
            with pytest.raises(WrongPassword):
                sessions.sign_in(name, "falsch", "10.0.0.1")
        with house.database.read() as session:
            return list(session.scalars(sa.select(SignInTry)))

    assert len({row.key for row in rows("geheimes Wort")}) == 3
    assert "geheim" not in " ".join(row.key for row in rows())
    assert len(rows("a", "b", "c")) == 4
    clock.now += 301
    assert len(rows("d")) == 3


def test_passwords_are_set_by_admins_and_by_oneself_only(house: House) -> None:
    other = Actor("anderer", "x", frozenset({"caseworker"}))
    with pytest.raises(Forbidden):
        set_password(house, other, "amtfrau", PASSWORD)
    for bad in ("kurz", "x" * 300):
        with pytest.raises(UsageError, match="12"):
            set_password(house, SYSTEM, "amtfrau", bad)
    with pytest.raises(UsageError, match="niemand"):
        set_password(house, SYSTEM, "niemand", PASSWORD)
