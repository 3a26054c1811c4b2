"""Sessions of the web: a signed cookie names a row that says whose session it is; rights are read anew each time.

The cookie holds no rights. A session ends after ten hours, at sign-out, when the user's password changes, when a role
is taken, and when the user is locked: its row goes, for all processes of the home and after any restart.
"""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa

from core.durable import sync_folder
from core.ids import new_id
from models import Actor, User, WebSession
from models.actor import actor_of
from models.chain import lock, record
from services.house import House
from services.passwords import Door, WrongPassword

KEY = "web-session.key"
HOURS = 10
SECONDS = HOURS * 3600
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Visit:
    """Who asks: the actor with the rights of now, the name to show, and the session's own secret word."""

    actor: Actor
    display_name: str
    nonce: str


class Sessions:
    """Opens, reads and ends sessions of one home."""

    def __init__(self, house: House, clock: Callable[[], float] = time.time) -> None:
        self._house = house
        self._clock = clock
        self._key = load_key(house.settings.keys / KEY)
        self._door = Door(house, lambda words: self._mac("try", words.encode()), clock)

    def sign_in(self, name: str, password: str, address: str) -> str:
        """A new session. Returns: the cookie. Raises: WrongPassword, TooManyTries."""
        known, moment, nonce = self._door.enter(name, password, address), self._now(), new_id(26)
        with self._house.database.write() as session:
            lock(session)
            user = session.get_one(User, known.id)
            if not user.active or user.password_hash != known.password_hash:  # locked or changed meanwhile
                raise WrongPassword()
            session.execute(sa.delete(WebSession).where(WebSession.ends_at < moment))
            ends_at = moment + timedelta(seconds=SECONDS)
            session.add(WebSession(id=nonce, user_id=user.id, started_at=moment, ends_at=ends_at))
            record(session, actor_of(user), "user.sign_in", "user", user.id)
        return f"{nonce}.{self._mac('session', nonce.encode())}"

    def read(self, cookie: str | None) -> Visit | None:
        """The visit behind a cookie; None when it is missing, forged, too old or ended."""
        nonce, _, mac = (cookie or "").partition(".")
        if not hmac.compare_digest(self._mac("session", nonce.encode()).encode(), mac.encode()):
            return None
        with self._house.database.read() as session:
            row = session.get(WebSession, nonce)
            user = session.get(User, row.user_id) if row is not None and self._now() <= row.ends_at else None
            if user is None or not user.active:
                return None
            return Visit(actor_of(user), user.display_name, nonce)

    def sign_out(self, visit: Visit) -> None:
        """End a session; its cookie is worth nothing any more."""
        with self._house.database.write() as session:
            session.execute(sa.delete(WebSession).where(WebSession.id == visit.nonce))
            record(session, visit.actor, "user.sign_out", "user", visit.actor.user_id or "")

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def form_token(self, nonce: str) -> str:
        """The word that every form of a session carries, so that other sites cannot send it."""
        return self._mac("form", nonce.encode())

    def is_form_token(self, nonce: str, token: str) -> bool:
        """Whether a form came from this session; takes the same time whatever was sent."""
        return hmac.compare_digest(self.form_token(nonce).encode(), token.encode())

    def _mac(self, kind: str, data: bytes) -> str:
        return hmac.new(self._key, kind.encode() + b"\0" + data, sha256).hexdigest()


def load_key(file: Path) -> bytes:
    """The key that signs; made at the first start, readable by its owner only."""
    if not file.is_file():
        fresh = file.with_name(f".{file.name}.{new_id(6)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(os.urandom(_KEY_BYTES))
            out.flush()
            os.fsync(out.fileno())
        with suppress(FileExistsError):  # another process was faster: its key holds
            os.link(fresh, file)
        fresh.unlink()
        sync_folder(file.parent)
    return file.read_bytes()
