"""Documents: letters and other items, their pages, routes and labels."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.filing import Case, EFile
from models.intake import Page, Source
from models.units import OrgUnit
from models.words import State, Step


class Document(Base):
    """One letter: an ordered list of pages with its PDF/A, text and metadata. ``id`` is ``<source>-<part>``."""

    __tablename__ = "documents"
    __table_args__ = (sa.UniqueConstraint("source_id", "part"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    source_id: Mapped[str] = mapped_column(sa.ForeignKey("sources.id"))
    part: Mapped[int]
    version: Mapped[int] = mapped_column(default=1, server_default="1")  # of its pages; a rescan makes the next
    hints: Mapped[dict[str, Any]] = mapped_column(default=dict)  # of its job ticket: batch, unit, efile, asn
    state: Mapped[State] = mapped_column(sa.String(), index=True)
    step: Mapped[Step] = mapped_column(sa.String())
    attempt: Mapped[int] = mapped_column(default=1)
    reason: Mapped[str | None]
    reason_details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    received_on: Mapped[date] = mapped_column(index=True)
    received_at: Mapped[datetime]
    confidentiality: Mapped[str]
    unit_id: Mapped[str | None] = mapped_column(sa.ForeignKey("org_units.id"), index=True)
    efile_id: Mapped[str | None] = mapped_column(sa.ForeignKey("efiles.id"), index=True)
    case_id: Mapped[str | None] = mapped_column(sa.ForeignKey("cases.id"), index=True)
    worked_at: Mapped[datetime | None]  # none: still in the in-tray
    letter_date: Mapped[date | None]
    sender: Mapped[str | None]
    subject: Mapped[str | None]
    file_reference: Mapped[str | None]
    foreign_reference: Mapped[str | None]
    doctype: Mapped[str | None]
    language: Mapped[str | None]
    confidence: Mapped[float | None]  # of the reading, mean over words, 0..1
    object_path: Mapped[str | None]  # relative to archive/
    pdf_path: Mapped[str | None]  # relative to archive/, the current PDF/A
    flavour: Mapped[str | None]
    valid: Mapped[bool | None]
    indexed: Mapped[bool] = mapped_column(default=False, index=True)
    warnings: Mapped[list[Any]] = mapped_column(default=list)
    timings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    updated_at: Mapped[datetime]

    source: Mapped[Source] = relationship(lazy="joined")
    unit: Mapped[OrgUnit | None] = relationship(lazy="joined")
    efile: Mapped[EFile | None] = relationship(lazy="joined")
    case: Mapped[Case | None] = relationship(lazy="joined")
    pages: Mapped[list[DocumentPage]] = relationship(  # of the version that holds now
        primaryjoin="and_(Document.id == foreign(DocumentPage.document_id),"
        " Document.version == foreign(DocumentPage.version))",
        order_by="DocumentPage.position",
        viewonly=True,
    )
    routes: Mapped[list[Route]] = relationship(order_by="Route.id", back_populates="document")

    @property
    def scan(self) -> Source:
        """The Source that the pages lie in: the one of its arrival, or of the last rescan."""
        return self.pages[0].page.source if self.version > 1 else self.source

    @property
    def route(self) -> Route | None:
        """The Route that holds now."""
        return next((route for route in reversed(self.routes) if route.current), None)


class DocumentPage(Base):
    """Which page of which Source stands at a position of a Document (the list is versioned)."""

    __tablename__ = "document_pages"
    document_id: Mapped[str] = mapped_column(sa.ForeignKey("documents.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, default=1)
    position: Mapped[int] = mapped_column(primary_key=True)  # 1-based
    page_id: Mapped[int] = mapped_column(sa.ForeignKey("pages.id"), index=True)
    left_out: Mapped[bool] = mapped_column(default=False)  # blank back: kept, but left out of view

    document: Mapped[Document] = relationship()
    page: Mapped[Page] = relationship(lazy="joined")


OF_NOW = sa.and_(Document.id == DocumentPage.document_id, Document.version == DocumentPage.version)  # to join both by


class Route(Base):
    """One lead unit (none: the machine abstained), how it was decided and why. Reasons hold ids and codes only."""

    __tablename__ = "routes"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    document_id: Mapped[str] = mapped_column(sa.ForeignKey("documents.id"), index=True)
    unit_id: Mapped[str | None] = mapped_column(sa.ForeignKey("org_units.id"))
    confidence: Mapped[float | None]
    decided_by: Mapped[str]
    model_version: Mapped[int | None]
    reasons: Mapped[list[Any]] = mapped_column(default=list)
    candidates: Mapped[list[Any]] = mapped_column(default=list)  # [[unit id, confidence], ...] best first
    actor: Mapped[str]
    decided_at: Mapped[datetime]
    current: Mapped[bool] = mapped_column(default=True)

    document: Mapped[Document] = relationship(back_populates="routes")
    copies: Mapped[list[RouteCopy]] = relationship(order_by="RouteCopy.unit_id")


class RouteCopy(Base):
    """A unit that gets a copy beside the lead unit."""

    __tablename__ = "route_copies"
    route_id: Mapped[int] = mapped_column(sa.ForeignKey("routes.id"), primary_key=True)
    unit_id: Mapped[str] = mapped_column(sa.ForeignKey("org_units.id"), primary_key=True)


class Label(Base):
    """A person's word on the right unit of a Document: the only thing that the router learns from."""

    __tablename__ = "labels"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    document_id: Mapped[str] = mapped_column(sa.ForeignKey("documents.id"), index=True)
    unit_id: Mapped[str] = mapped_column(sa.ForeignKey("org_units.id"))
    kind: Mapped[str]
    actor: Mapped[str]
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]  # a newer label of the same Document replaces an older one


class RoutingModel(Base):
    """A version of the router; its data lie under the home folder."""

    __tablename__ = "routing_models"
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    folder: Mapped[str]
    sha256: Mapped[str]  # of its card, which names the hashes of all its files
    trained_at: Mapped[datetime]
    trained_by: Mapped[str]
    examples: Mapped[int]
    active: Mapped[bool] = mapped_column(default=False)
    activated_at: Mapped[datetime | None]
    gate: Mapped[dict[str, Any]] = mapped_column(default=dict)
    labels: Mapped[str | None]  # sha256 of the file of labels that it learnt from beside people's decisions


class RoutingRule(Base):
    """A fixed rule of an admin: letters whose ``field`` holds ``pattern`` go to ``unit_id``; low priority first."""

    __tablename__ = "routing_rules"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    priority: Mapped[int]
    field: Mapped[str]  # sender | subject | text
    pattern: Mapped[str]
    words: Mapped[bool] = mapped_column(default=False)  # words as they stand, else a regular expression
    unit_id: Mapped[str] = mapped_column(sa.ForeignKey("org_units.id"))
    active: Mapped[bool] = mapped_column(default=True)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]  # the first day on which it does not hold
    created_by: Mapped[str]
    created_at: Mapped[datetime]


class OutboxEntry(Base):
    """A Document whose index entry is stale. One row a Document; a newer change raises ``version``."""

    __tablename__ = "index_outbox"
    document_id: Mapped[str] = mapped_column(sa.ForeignKey("documents.id"), primary_key=True)
    version: Mapped[int] = mapped_column(default=1)
    since: Mapped[datetime]
