"""Every table and word of the domain, so that the mappers know each other. The front door hands them out."""

from models.actor import SYSTEM, Actor
from models.base import Base
from models.database import Database
from models.disposals import Disposal
from models.documents import (
    OF_NOW,
    Document,
    DocumentPage,
    Label,
    OutboxEntry,
    Route,
    RouteCopy,
    RoutingModel,
    RoutingRule,
)
from models.engine import Executor, FaultSeen, LoopBeat, Takeover
from models.filing import Case, EFile, FilePlanEntry
from models.identity import Identity
from models.intake import Batch, Delivery, EntryCounter, Page, Source
from models.paper import Paper, PaperSample
from models.pending import DOCUMENT, SOURCE, Pending
from models.people import Grant, SignInTry, User, UserRole, WebSession
from models.protocol import JournalBlock, JournalEntry, JournalHead, JournalValue
from models.searches import SavedSearch
from models.units import OrgUnit
from models.words import (
    FINAL,
    Confidentiality,
    DecidedBy,
    DisposalKind,
    DisposalReason,
    LabelKind,
    Outcome,
    PageStatus,
    Permission,
    ProtectionNeed,
    Role,
    State,
    Step,
)

__all__ = [
    "DOCUMENT",
    "FINAL",
    "OF_NOW",
    "SOURCE",
    "SYSTEM",
    "Actor",
    "Base",
    "Batch",
    "Case",
    "Confidentiality",
    "Database",
    "DecidedBy",
    "Delivery",
    "Disposal",
    "DisposalKind",
    "DisposalReason",
    "Document",
    "DocumentPage",
    "EFile",
    "EntryCounter",
    "Executor",
    "FaultSeen",
    "FilePlanEntry",
    "Grant",
    "Identity",
    "JournalBlock",
    "JournalEntry",
    "JournalHead",
    "JournalValue",
    "Label",
    "LabelKind",
    "LoopBeat",
    "OrgUnit",
    "OutboxEntry",
    "Outcome",
    "Page",
    "PageStatus",
    "Paper",
    "PaperSample",
    "Pending",
    "Permission",
    "ProtectionNeed",
    "Role",
    "Route",
    "RouteCopy",
    "RoutingModel",
    "RoutingRule",
    "SavedSearch",
    "SignInTry",
    "Source",
    "State",
    "Step",
    "Takeover",
    "User",
    "UserRole",
    "WebSession",
]
