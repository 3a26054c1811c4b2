"""Which digest the journal noted last for each object: what an object must be, whoever changed its inventory."""

from __future__ import annotations

from archive.journal import JournalFiles


class Noted:
    """The digests, read once and again when the journal went on."""

    def __init__(self, journal: JournalFiles) -> None:
        self._journal = journal
        self._head: tuple[int, str] | None = None
        self._digests: dict[tuple[str, str], str] = {}
        self._refresh()

    def _refresh(self) -> None:
        head = self._journal.head()
        if head != self._head:
            self._head = head
            self._digests = {
                (entry["kind"], entry["object_id"]): str(entry["data"]["object"])
                for entry in self._journal.entries()
                if entry["data"].get("object")
            }

    def differs(self, kind: str, object_id: str, digest: str) -> bool:
        """Whether the journal noted another digest for the object. An object that it never noted does not differ."""
        if self._digests.get((kind, object_id), digest) == digest:
            return False
        self._refresh()
        return self._digests.get((kind, object_id), digest) != digest
