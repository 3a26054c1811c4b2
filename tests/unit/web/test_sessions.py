"""Sessions: forged, old and ended ones are worth nothing; a wrong password costs time."""

from __future__ import annotations

import base64
import json

import pytest
import sqlalchemy as sa

from core.errors import Forbidden, UsageError
from models import SYSTEM, Actor, JournalEntry, User
from services.house import House
from services.passwords import Door, Throttle, TooManyTries, WrongPassword, set_password
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
    body, _, mac = sessions.sign_in("amtfrau", PASSWORD, "127.0.0.1").partition(".")
    content = json.loads(base64.urlsafe_b64decode(body))
    longer = base64.urlsafe_b64encode(json.dumps({**content, "at": content["at"] + 99}).encode()).decode()
    for forged in (f"{longer}.{mac}", f"{body}.", body, "", ".", "ä.ö", None, f"{body}.{'0' * 64}"):
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


def test_it_ends_with_sign_out_new_password_and_inactive_user(sessions: Sessions, house: House) -> None:
    ended = sessions.sign_in("amtfrau", PASSWORD, "127.0.0.1")
    visit = sessions.read(ended)
    assert visit is not None
    sessions.sign_out(visit)
    assert sessions.read(ended) is None
    cookie = sessions.sign_in("amtfrau", PASSWORD, "127.0.0.1")
    set_password(house, SYSTEM, "amtfrau", PASSWORD)  # the same words, but a new hash
    assert sessions.read(cookie) is None
    cookie = sessions.sign_in("amtfrau", PASSWORD, "127.0.0.1")
    with house.database.write() as session:
        session.execute(sa.update(User).values(active=False))
    assert sessions.read(cookie) is None


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


def test_after_five_wrong_passwords_even_the_right_one_waits(house: House, clock: Clock) -> None:
    set_password(house, SYSTEM, "amtfrau", PASSWORD)
    door = Door(clock)
    for _ in range(5):
        with pytest.raises(WrongPassword):
            door.enter(house, "amtfrau", "falsch", "10.0.0.1")
    with pytest.raises(TooManyTries) as caught:
        door.enter(house, "amtfrau", PASSWORD, "10.0.0.1")
    assert caught.value.details["seconds"] == 300
    assert door.enter(house, "amtfrau", PASSWORD, "10.0.0.2").name == "amtfrau"  # the person elsewhere gets in
    clock.now += 301
    assert door.enter(house, "amtfrau", PASSWORD, "10.0.0.1").name == "amtfrau"


def test_the_throttle_forgets_the_oldest_key_before_it_grows_for_ever(clock: Clock) -> None:
    throttle = Throttle(1, 60, clock, keys=3)
    for key in "abcd":
        throttle.note(key)
    assert [bool(throttle.wait(key)) for key in "abcd"] == [False, True, True, True]
    throttle.forget("d")
    assert throttle.wait("d") == 0


def test_passwords_are_set_by_admins_and_by_oneself_only(house: House) -> None:
    other = Actor("anderer", "x", frozenset({"caseworker"}))
    with pytest.raises(Forbidden):
        set_password(house, other, "amtfrau", PASSWORD)
    for bad in ("kurz", "x" * 300):
        with pytest.raises(UsageError, match="12"):
            set_password(house, SYSTEM, "amtfrau", bad)
    with pytest.raises(UsageError, match="niemand"):
        set_password(house, SYSTEM, "niemand", PASSWORD)
