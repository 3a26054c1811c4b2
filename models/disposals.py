"""Disposal: what is to be destroyed, by whose word, and what was destroyed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Disposal(Base):
    """A proposal, its release by a second person, and the record of what went. It outlives what it speaks of."""

    __tablename__ = "disposals"
    id: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]  # retention | unlawful
    kind: Mapped[str]  # efile | document | source (in quarantine, without Documents)
    target_id: Mapped[str] = mapped_column(sa.String(), index=True)  # no foreign key: the target goes
    reference: Mapped[str]  # of the EFile, or the entry number of the Document
    outcome: Mapped[str | None]  # what the public archive said: taken_over | declined
    basis: Mapped[str]  # legal basis, in the words of the person
    proposed_by: Mapped[str]
    proposed_account: Mapped[str | None]  # of the operating system, of the human who proposed
    proposed_at: Mapped[datetime]
    released_by: Mapped[str | None]
    released_at: Mapped[datetime | None]
    objects: Mapped[list[Any]] = mapped_column(default=list)  # [{kind, id, sha256, object}] that were destroyed
    completed_at: Mapped[datetime | None]  # none after the release: the removal was cut off and goes on
