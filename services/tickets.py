"""Separator sheets of this town: printing them, and the keys by which they are known again."""

from __future__ import annotations

import secrets
from pathlib import Path

from core.durable import write_whole
from core.errors import IntegrityError, UsageError
from core.hashing import sha256_bytes
from core.ids import new_id
from ingest.separators import JobTicket, sheets
from ingest.tickets import TicketKeys
from models import Actor, Role
from models.chain import lock, record
from services.house import House
from services.units import need_unit

KEY_BYTES = 32
MOST_SHEETS = 1000


def ticket_keys(house: House) -> TicketKeys:
    """The keys of the home, newest first; none before the first sheet was printed. Raises: IntegrityError."""
    file = _file(house)
    try:
        keys = tuple(bytes.fromhex(line) for line in file.read_text("ascii").split()) if file.exists() else ()
    except ValueError as error:
        raise IntegrityError("ticket_keys", path=str(file)) from error
    return TicketKeys(keys, house.settings.patch_sheets == "any")


def print_tickets(house: House, actor: Actor, ticket: JobTicket, count: int, *, new_key: bool = False) -> bytes:
    """``count`` sheets as PDF; each has a number of its own. The first call makes the key; with ``new_key`` a new one
    prints from now on, and sheets of the older ones are still known.

    Raises: Forbidden, UsageError, IntegrityError.
    """
    actor.need(Role.ADMIN, Role.OPERATOR, Role.POST_ROOM)
    if not 1 <= count <= MOST_SHEETS:
        raise UsageError("ticket_count", most=MOST_SHEETS)
    numbers = [new_id(10) for _ in range(count)]
    with house.database.write() as session:
        lock(session)  # two that print at once make one key
        if ticket.unit is not None:
            need_unit(session, ticket.unit)
        keys = ticket_keys(house)
        if new_key or not keys.keys:
            keys = TicketKeys((secrets.token_bytes(KEY_BYTES), *keys.keys))
            _keep(_file(house), keys)
        key_id = sha256_bytes(keys.keys[0])[:16]
        record(session, actor, "tickets.print", "key", key_id, data={"numbers": numbers, "unit": ticket.unit})
    return sheets([keys.issued(number, ticket) for number in numbers], ticket)


def _file(house: House) -> Path:
    return house.settings.keys / "tickets.keys"


def _keep(file: Path, keys: TicketKeys) -> None:
    write_whole(file, "".join(f"{key.hex()}\n" for key in keys.keys).encode())
    file.chmod(0o600)
