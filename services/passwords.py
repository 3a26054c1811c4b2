"""Passwords: set and check. Neither words nor time tell whether the name or the password was wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from core.errors import Forbidden, UsageError
from core.ids import new_id
from core.logs import log
from models import Actor, Role, SignInTry, User
from models.chain import lock, record
from services.accounts import end_sessions, known_user
from services.house import House

LOG = log(__name__)
SHORTEST, LONGEST = 12, 256  # characters
AT_ONCE = 2  # argon2 takes 64 MiB a check
WINDOW = timedelta(minutes=5)
MOST = (5, 50, 50)  # wrong passwords within the window: for a name at an address, at an address, for a name
ROWS = 30_000  # tries that are kept; the oldest go first
_hasher = PasswordHasher()
_room = threading.BoundedSemaphore(AT_ONCE)
_nobody = _hasher.hash(new_id(32))


class WrongPassword(UsageError):
    """Name and password do not belong together (which of them is wrong is not said)."""

    code = "wrong_password"


class TooManyTries(UsageError):
    """Too many wrong passwords; ``details['seconds']`` says how long to wait."""

    code = "too_many_tries"


def set_password(house: House, actor: Actor, name: str, password: str) -> None:
    """Give a user a password; all sessions of the user end.

    Raises: Forbidden (only admins, and each for themselves), UsageError (unknown user, too short or long).
    """
    if actor.name != name:
        actor.need(Role.ADMIN)
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError("bad_password", shortest=SHORTEST, longest=LONGEST)
    hashed = _hasher.hash(password)
    with house.database.write() as session:
        lock(session)
        user = known_user(session, name)
        if actor.user_id not in (None, user.id) and Role.ADMIN not in actor.roles:
            raise Forbidden(actor=actor.name)
        user.password_hash = hashed
        end_sessions(session, user.id)
        record(session, actor, "user.password", "user", user.id)


class Door:
    """Where passwords are checked. The table of tries is shared by all processes of a home and outlasts them.

    ``key_of`` makes the key of a try that tells neither name nor address: people type passwords into the wrong field.
    """

    def __init__(self, house: House, key_of: Callable[[str], str], clock: Callable[[], float] = time.time) -> None:
        self._house, self._key_of, self._clock = house, key_of, clock

    def enter(self, name: str, password: str, address: str) -> User:
        """The active user whose password it is. Raises: TooManyTries, WrongPassword, EnvironmentProblem."""
        keys = [self._key_of(key) for key in (f"both {name.lower()} {address}", f"at {address}", f"as {name.lower()}")]
        ids = self._knock(keys, address)
        with self._house.database.read() as session:
            user = session.scalar(sa.select(User).where(User.name == name, User.active))
        hashed = user.password_hash if user else None
        right = _is_right(hashed or _nobody, password[: LONGEST + 1])
        if user is None or hashed is None or not right:
            LOG.warning("sign_in_failed", extra={"address": address})
            raise WrongPassword()
        with self._house.database.write() as session:
            session.execute(sa.delete(SignInTry).where(sa.or_(SignInTry.key == keys[0], SignInTry.id.in_(ids))))
        return user

    def _knock(self, keys: Sequence[str], address: str) -> list[int]:
        """Count the try as a wrong one before it is looked at, so that many at once are counted too.

        Returns: its rows. Raises: TooManyTries.
        """
        moment = datetime.fromtimestamp(self._clock(), UTC)
        with self._house.database.write() as session:
            lock(session)
            session.execute(sa.delete(SignInTry).where(SignInTry.at <= moment - WINDOW))
            wait = max(_wait(session, key, most, moment) for key, most in zip(keys, MOST, strict=True))
            rows = [] if wait else [SignInTry(key=key, at=moment) for key in keys]
            session.add_all(rows)
            session.flush()
            oldest = sa.select(SignInTry.id).order_by(SignInTry.id.desc()).offset(ROWS).limit(1)
            session.execute(sa.delete(SignInTry).where(SignInTry.id <= oldest.scalar_subquery()))
        if wait:
            LOG.warning("sign_in_throttled", extra={"address": address})
            raise TooManyTries(seconds=wait)
        return [row.id for row in rows]


def _wait(session: Session, key: str, most: int, moment: datetime) -> int:
    """Seconds that ``key`` has to wait; 0: it may try."""
    count, last = session.execute(
        sa.select(sa.func.count(SignInTry.id), sa.func.max(SignInTry.at)).where(SignInTry.key == key)
    ).one()
    return 0 if count < most else max(1, round((last + WINDOW - moment).total_seconds()))


def _is_right(hashed: str, password: str) -> bool:
    with _room:
        try:
            return _hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False
