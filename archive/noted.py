"""Which digest the journal noted last for each object: what an object must be, whoever changed its inventory."""

from __future__ import annotations

from archive.journal import JournalFiles

DESTROYED = "disposal.release"  # the action that lists what goes


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
            self._digests = {}
            for entry in self._journal.entries():
                if entry["data"].get("object"):
                    self._digests[entry["kind"], entry["object_id"]] = str(entry["data"]["object"])
                if entry["action"] == DESTROYED:
                    for item in entry["data"]["objects"]:
                        self._digests.pop((item["kind"], item["id"]), None)

    def objects(self) -> list[tuple[str, str]]:
        """What must be there: every object that was noted and not lawfully destroyed since."""
        self._refresh()
        return list(self._digests)

    def differs(self, kind: str, object_id: str, digest: str) -> bool:
        """Whether the journal noted another digest for the object. An object that it never noted does not differ."""
        if self._digests.get((kind, object_id), digest) == digest:
            return False
        self._refresh()
        return self._digests.get((kind, object_id), digest) != digest
