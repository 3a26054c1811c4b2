"""Sessions of the web: a signed cookie says who and since when; rights are read anew for each request.

The cookie holds no rights. It ends after ten hours, at logout (in this process), when the password changes
and when the user is made inactive.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from core.durable import sync_folder
from core.ids import new_id
from models import Actor, User
from models.chain import record
from services.house import House
from services.passwords import Door

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
        self._ended: dict[str, float] = {}
        self.door = Door()

    def sign_in(self, name: str, password: str, address: str) -> str:
        """A new session. Returns: the cookie. Raises: WrongPassword, TooManyTries."""
        user = self.door.enter(self._house, name, password, address)
        with self._house.database.write() as session:
            record(session, Actor(user.name, user.id), "user.sign_in", "user", user.id)
        return self._signed(
            "session",
            {"user": user.id, "at": int(self._clock()), "nonce": new_id(26), "mark": self._mark(user)},
        )

    def read(self, cookie: str | None) -> Visit | None:
        """The visit behind a cookie; None when it is missing, forged, too old or ended."""
        content = self._opened("session", cookie)
        if content is None or self._clock() - content["at"] > SECONDS or content["nonce"] in self._ended:
            return None
        with self._house.database.read() as session:
            user = session.get(User, content["user"])
            if user is None or not user.active or not hmac.compare_digest(self._mark(user), content["mark"]):
                return None
            roles = frozenset(role.role for role in user.roles)
        return Visit(Actor(user.name, user.id, roles), user.display_name, content["nonce"])

    def sign_out(self, visit: Visit) -> None:
        """End a session; its cookie is worth nothing any more."""
        now = self._clock()
        self._ended = {nonce: until for nonce, until in self._ended.items() if until > now}
        self._ended[visit.nonce] = now + SECONDS
        with self._house.database.write() as session:
            record(session, visit.actor, "user.sign_out", "user", visit.actor.user_id or "")

    def form_token(self, nonce: str) -> str:
        """The word that every form of a session carries, so that other sites cannot send it."""
        return self._mac("form", nonce.encode())

    def is_form_token(self, nonce: str, token: str) -> bool:
        """Whether a form came from this session; takes the same time whatever was sent."""
        return hmac.compare_digest(self.form_token(nonce).encode(), token.encode())

    def _mark(self, user: User) -> str:
        """Changes with the password, and tells nothing about it."""
        return self._mac("mark", (user.password_hash or "").encode())

    def _signed(self, kind: str, content: dict[str, object]) -> str:
        body = base64.urlsafe_b64encode(json.dumps(content).encode()).decode()
        return f"{body}.{self._mac(kind, body.encode())}"

    def _opened(self, kind: str, cookie: str | None) -> dict[str, Any] | None:
        body, _, mac = (cookie or "").partition(".")
        if not hmac.compare_digest(self._mac(kind, body.encode()).encode(), mac.encode()):
            return None
        try:
            content = json.loads(base64.urlsafe_b64decode(body))
        except (binascii.Error, ValueError):
            return None
        return content if isinstance(content, dict) else None

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
