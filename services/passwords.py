"""Passwords: set and check. Neither words nor time tell whether the name or the password was wrong."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.errors import Forbidden, UsageError
from core.ids import new_id
from core.logs import log
from models import Actor, Role, User
from models.chain import lock, record
from services.house import House

LOG = log(__name__)
SHORTEST, LONGEST = 12, 256  # characters
AT_ONCE = 2  # argon2 takes 64 MiB a check
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
    """Give a user a password; sessions that were opened with an older one end.

    Raises: Forbidden (only admins, and each for themselves), UsageError (unknown user, too short or long).
    """
    if actor.name != name:
        actor.need(Role.ADMIN)
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError("bad_password", shortest=SHORTEST, longest=LONGEST)
    hashed = _hasher.hash(password)
    with house.database.write() as session:
        lock(session)
        user = session.scalar(sa.select(User).where(User.name == name))
        if user is None:
            raise UsageError("unknown_user", name=name)
        if actor.user_id not in (None, user.id) and Role.ADMIN not in actor.roles:
            raise Forbidden(actor=actor.name)
        user.password_hash = hashed
        record(session, actor, "user.password", "user", user.id)


class Throttle:
    """Counts wrong passwords; after ``most`` within ``seconds`` a key has to wait. Lives in this process."""

    def __init__(
        self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic, keys: int = 10_000
    ) -> None:
        self._most, self._seconds, self._clock, self._keys = most, seconds, clock, keys
        self._tries: OrderedDict[str, list[float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, key: str) -> int:
        """Seconds that ``key`` has to wait; 0: it may try."""
        with self._lock:
            tries = self._recent(key)
            if len(tries) < self._most:
                return 0
            return max(1, round(tries[-1] + self._seconds - self._clock()))

    def note(self, key: str) -> None:
        """A wrong password."""
        with self._lock:
            self._tries[key] = [*self._recent(key), self._clock()][-self._most :]
            self._tries.move_to_end(key)
            while len(self._tries) > self._keys:
                self._tries.popitem(last=False)

    def forget(self, key: str) -> None:
        """The password was right."""
        with self._lock:
            self._tries.pop(key, None)

    def _recent(self, key: str) -> list[float]:
        since = self._clock() - self._seconds
        return [moment for moment in self._tries.get(key, []) if moment > since]


class Door:
    """Where passwords are checked, with its throttles: name at an address, address, and name."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._throttles = (Throttle(5, 300, clock), Throttle(50, 300, clock), Throttle(50, 300, clock))

    def enter(self, house: House, name: str, password: str, address: str) -> User:
        """The active user whose password it is. Raises: TooManyTries, WrongPassword."""
        keys = tuple(zip(self._throttles, (f"{name.lower()} {address}", address, name.lower()), strict=True))
        wait = max(throttle.wait(key) for throttle, key in keys)
        if wait:
            LOG.warning("sign_in_throttled", extra={"address": address})
            raise TooManyTries(seconds=wait)
        with house.database.read() as session:
            user = session.scalar(sa.select(User).where(User.name == name, User.active))
        hashed = user.password_hash if user else None
        right = _is_right(hashed or _nobody, password[: LONGEST + 1])
        if user is None or hashed is None or not right:
            for throttle, key in keys:
                throttle.note(key)
            LOG.warning("sign_in_failed", extra={"address": address})
            raise WrongPassword()
        keys[0][0].forget(keys[0][1])
        return user


def _is_right(hashed: str, password: str) -> bool:
    with _room:
        try:
            return _hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False
