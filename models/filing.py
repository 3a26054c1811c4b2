"""The file plan, EFiles and Cases."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.units import OrgUnit


class FilePlanEntry(Base):
    """Entry of the file plan: what lies under it is kept ``retention_years`` after closing, then ``disposal``."""

    __tablename__ = "file_plan"
    code: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    unit_id: Mapped[str | None] = mapped_column(sa.ForeignKey("org_units.id"))
    retention_years: Mapped[int]
    disposal: Mapped[str]  # archive | destroy | appraise


class EFile(Base):
    """An e-file under one entry of the file plan. ``reference_key`` is its reference without separators."""

    __tablename__ = "efiles"
    id: Mapped[str] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    reference_key: Mapped[str] = mapped_column(index=True)
    title: Mapped[str]
    unit_id: Mapped[str] = mapped_column(sa.ForeignKey("org_units.id"), index=True)
    plan_code: Mapped[str | None] = mapped_column(sa.ForeignKey("file_plan.code"))
    parties: Mapped[list[Any]] = mapped_column(default=list)  # names that belong to the matter
    general: Mapped[bool] = mapped_column(default=False)  # a unit's yearly "Posteingang"
    opened_on: Mapped[date]
    closed_on: Mapped[date | None]  # z.d.A.: from then on nothing in it is written
    retain_until: Mapped[date | None]  # last day of the retention, as the file plan said when it was closed
    hold: Mapped[bool] = mapped_column(default=False)  # nothing in it may be destroyed, whatever the plan says

    unit: Mapped[OrgUnit] = relationship()
    plan: Mapped[FilePlanEntry | None] = relationship()
    cases: Mapped[list[Case]] = relationship(back_populates="efile", order_by="Case.reference")


class Case(Base):
    """One matter in an EFile, where documents lie."""

    __tablename__ = "cases"
    id: Mapped[str] = mapped_column(primary_key=True)
    efile_id: Mapped[str] = mapped_column(sa.ForeignKey("efiles.id"), index=True)
    reference: Mapped[str] = mapped_column(unique=True)
    reference_key: Mapped[str] = mapped_column(index=True)
    title: Mapped[str]
    opened_on: Mapped[date]
    closed_on: Mapped[date | None]

    efile: Mapped[EFile] = relationship(back_populates="cases")
