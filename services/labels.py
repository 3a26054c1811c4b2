"""The labels that people gave: what the router may learn from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.errors import UsageError
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


def label_lines(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Numbers and objects of the lines of a JSON Lines file. Raises: UsageError naming the first bad line."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("labels_unreadable", file=str(file), why=type(error).__name__) from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            raw = json.loads(line)
        except ValueError as error:
            raise bad_line(file, number, error) from error
        if not isinstance(raw, dict):
            raise bad_line(file, number, TypeError())
        yield number, raw


def bad_line(file: Path, number: int, why: Exception) -> UsageError:
    """What is said of a line of such a file that cannot be used."""
    return UsageError("bad_label_line", file=str(file), line=number, why=type(why).__name__)
