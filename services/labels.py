"""The labels that people gave: what the router may learn from."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Confidentiality, Document, Label
from services.units import valid_units


def valid_labels(session: Session) -> list[tuple[str, str]]:
    """People's words that hold: Document's id and code of a unit that exists; confidential letters teach nothing."""
    codes = {unit.id: unit.code for unit in valid_units(session).values()}
    rows = session.execute(
        sa.select(Label.document_id, Label.unit_id)
        .join(Document, Document.id == Label.document_id)
        .where(Label.withdrawn_at.is_(None), Document.confidentiality != Confidentiality.CONFIDENTIAL)
        .order_by(Label.id)
    )
    return [(document, codes[unit]) for document, unit in rows if unit in codes]
