"""What the archive offers: the store, the PDF/A ladder, the journal's files, fixity and proof."""

from archive.apart import check_apart, extract_apart, seal_apart
from archive.audit import AuditReport
from archive.exec.verapdf import Validator, Verdict
from archive.findings import FINDINGS, Finding
from archive.fixity import FixityReport, Pace, Progress, check_root, verify_store
from archive.journal import JournalFiles
from archive.metadata import write_metadata
from archive.parts import Extract, ForeignContent, blanked, check_part, extract
from archive.proof import Proof, export_proof
from archive.seal import Sealed, SealJob, seal
from archive.store import ObjectExists, Store
from archive.textlayer import PageLayer, Word
from archive.transfer_note import QualityCheck, ScanRecord, is_untouched, transfer_note

__all__ = [
    "FINDINGS",
    "AuditReport",
    "Extract",
    "Finding",
    "FixityReport",
    "ForeignContent",
    "JournalFiles",
    "ObjectExists",
    "Pace",
    "PageLayer",
    "Progress",
    "Proof",
    "QualityCheck",
    "ScanRecord",
    "SealJob",
    "Sealed",
    "Store",
    "Validator",
    "Verdict",
    "Word",
    "blanked",
    "check_apart",
    "check_part",
    "check_root",
    "export_proof",
    "extract",
    "extract_apart",
    "is_untouched",
    "seal",
    "seal_apart",
    "transfer_note",
    "verify_store",
    "write_metadata",
]
