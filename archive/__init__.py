"""The archive's front door: the store, the PDF/A ladder, the journal's files, fixity and proof."""

from archive.audit import AuditReport
from archive.exec.verapdf import Validator, Verdict
from archive.findings import FINDINGS, Finding
from archive.journal import JournalFiles
from archive.seal import Sealed, SealJob, seal
from archive.store import ObjectExists, Store
from archive.textlayer import PageLayer, Word

__all__ = [
    "FINDINGS",
    "AuditReport",
    "Finding",
    "JournalFiles",
    "ObjectExists",
    "PageLayer",
    "SealJob",
    "Sealed",
    "Store",
    "Validator",
    "Verdict",
    "Word",
    "seal",
]
