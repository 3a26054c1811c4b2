"""The journal's chain: entries that each carry the hash of the one before.

An entry's ``data`` holds ids, codes and dates; personal values go in as ``values`` and only their salted hashes
are chained, so that a lawful erasure of a value leaves the chain intact.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.clock import now, stamp
from core.hashing import canonical_json, sha256_bytes
from models.actor import Actor
from models.protocol import JournalEntry, JournalHead, JournalValue

GENESIS = "0" * 64
OS_ACCOUNT = "os_account"  # in an entry's data: the account that acted in the actor's name
CHAINED = ("seq", "at", "actor", "action", "kind", "object_id", "purpose", "data", "hashes", "prev_hash")


def entry_hash(entry: Mapping[str, Any]) -> str:
    """sha256 over the canonical JSON of an entry's chained fields."""
    return sha256_bytes(canonical_json({name: entry[name] for name in CHAINED}))


def value_hash(salt: str, value: object) -> str:
    """Salted hash of a value, as it stands in the chain."""
    return sha256_bytes(bytes.fromhex(salt) + canonical_json(value))


def lock(session: Session) -> JournalHead:
    """Take the chain's one lock until the end of the transaction: who writes, writes alone (also on PostgreSQL)."""
    head: JournalHead | None = session.info.get("journal_head")
    if head is not None:
        return head
    head = session.scalar(sa.select(JournalHead).with_for_update().execution_options(populate_existing=True))
    if head is None:
        head = JournalHead(id=1, seq=0, hash=GENESIS)
        session.add(head)
        session.flush()
    session.info["journal_head"] = head
    return head


def record(
    session: Session,
    actor: Actor,
    action: str,
    kind: str,
    object_id: str,
    *,
    purpose: str = "",
    data: Mapping[str, Any] | None = None,
    values: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> int:
    """Add an entry to the chain, in the caller's transaction. Returns: its number.

    ``at``: the moment that the caller writes into its rows too, so that a rebuild finds it here.
    ``action`` is a verb with its room (``document.route``), ``values`` are what may have to be erased one day.
    An act by ``--as`` keeps the account of the operating system in its data.
    """
    head = lock(session)
    salts = {field: secrets.token_hex(16) for field in values or {}}
    fields: dict[str, Any] = {
        "seq": head.seq + 1,
        "at": stamp(at or now()),
        "actor": actor.name,
        "action": action,
        "kind": kind,
        "object_id": object_id,
        "purpose": purpose,
        "data": {**(data or {}), **({OS_ACCOUNT: actor.behind} if actor.behind else {})},
        "hashes": {field: value_hash(salts[field], value) for field, value in (values or {}).items()},
        "prev_hash": head.hash,
    }
    entry = JournalEntry(**fields, hash=entry_hash(fields))
    session.add(entry)
    if values:
        session.flush()  # the entry first: its values point to it
    for field, value in (values or {}).items():
        session.add(JournalValue(seq=entry.seq, field=field, salt=salts[field], value=value))
    head.seq, head.hash = entry.seq, entry.hash
    session.flush()
    session.info["journaled"] = True
    return entry.seq


def noted_digest(session: Session, kind: str, object_id: str) -> str | None:
    """The digest that the journal noted last for an archive object; None: it never noted one."""
    rows = session.scalars(
        sa.select(JournalEntry.data)
        .where(JournalEntry.kind == kind, JournalEntry.object_id == object_id)
        .order_by(JournalEntry.seq.desc())
    )
    return next((str(data["object"]) for data in rows if data.get("object")), None)
