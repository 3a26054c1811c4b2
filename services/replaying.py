"""Replaying the journal: what each action did to the rows. The twin of the acts that write these entries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.clock import now
from core.errors import IntegrityError
from models import (
    Batch,
    Case,
    Delivery,
    Disposal,
    Document,
    DocumentPage,
    EFile,
    EntryCounter,
    FilePlanEntry,
    Grant,
    Identity,
    Label,
    OrgUnit,
    Page,
    Route,
    RouteCopy,
    RoutingModel,
    RoutingRule,
    SavedSearch,
    Source,
    State,
    Step,
    User,
    UserRole,
)
from models.chain import OS_ACCOUNT
from models.references import reference_key
from services import resealing, unit_changes
from services.accounts import set_roles
from services.describing import PAGE_FACTS, said_of
from services.destroying import delete_rows
from services.house import House
from services.lifecycle import close_rows, reopen_rows, work_off_all
from services.replaying_paper import paper_acts

Entry = dict[str, Any]


class Replay:
    """Applies entries, in their order, to a database. Actions that change no row (readings) are passed over."""

    def __init__(self, session: Session, house: House) -> None:
        self.session, self.house = session, house
        self._acts: dict[str, Callable[[Entry, Any], None]] = {
            "home.identity": self._identity,
            "unit.put": self._unit,
            unit_changes.ACTION: self._reorganise,
            "plan.put": self._plan,
            "efile.open": self._efile,
            "efile.change": self._change,
            "efile.close": self._close,
            "efile.reopen": self._reopen,
            "efile.hold": self._hold,
            "efile.unhold": self._hold,
            "case.open": self._case,
            "case.change": self._change,
            "case.close": self._close_case,
            "case.reopen": self._close_case,
            "user.add": self._user,
            "user.lock": self._lock_user,
            "user.unlock": self._lock_user,
            "user.roles": self._roles,
            "grant.give": self._grant,
            "grant.revoke": self._revoke,
            "batch.start": self._batch,
            "source.receive": self._receive,
            "source.deliver": self._deliver,
            "source.open": self._open,
            "source.quarantine": self._quarantine,
            "source.retry": self._retry,
            "source.propose_discard": self._propose_discard,
            "source.discard": self._discard,
            "document.route": self._route,
            "document.file": self._file,
            resealing.ACTION: self._reseal,
            "document.move": self._move,
            "document.quarantine": self._quarantine,
            "document.retry": self._retry,
            "document.work_off": self._work_off,
            "rule.add": self._rule,
            "rule.remove": self._end_rule,
            "model.train": self._model,
            "model.activate": self._activate,
            "model.forget": self._forget,
            "disposal.propose": self._propose,
            "disposal.release": self._release,
            "disposal.done": self._done,
            **paper_acts(session),
            "search.save": self._save_search,
            "search.forget": self._forget_search,
        }
        self._missing: set[str] = set()  # Documents without their object: destroyed later on, or lost

    def apply(self, entry: Entry) -> None:
        """Apply one entry of the journal."""
        act = self._acts.get(entry["action"])
        if act is not None:
            act(entry, {name: value for name, value in entry["data"].items() if name != OS_ACCOUNT})

    def finish(self) -> None:
        """After the last entry. Raises: IntegrityError when an object is missing that nobody destroyed."""
        if self._missing:
            raise IntegrityError("objects_missing", count=len(self._missing), id=min(self._missing))
        for row in self.session.scalars(sa.select(RoutingModel)).all():
            if not (self.house.settings.routing_models / row.folder).is_dir():
                self.session.delete(row)
        self.session.flush()

    def _identity(self, entry: Entry, _data: Any) -> None:
        self.session.merge(Identity(id=1, value=entry["object_id"], made_at=_moment(entry)))

    # -- what letters are sorted into --------------------------------------------------------------------------

    def _unit(self, _entry: Entry, data: Any) -> None:
        self.session.merge(
            OrgUnit(
                id=data.get("id", data["code"]),
                code=data["code"],
                name=data["name"],
                responsible_for=data["responsible_for"],
                parent_id=data["parent"],
                valid_from=date.fromisoformat(data["valid_from"]),
                confidential=data["confidential"],
            )
        )

    def _reorganise(self, entry: Entry, data: Any) -> None:
        unit_changes.apply(self.session, data, entry["actor"], _moment(entry))

    def _plan(self, _entry: Entry, data: Any) -> None:
        self.session.merge(FilePlanEntry(**data))

    def _efile(self, entry: Entry, data: Any) -> None:
        values = entry["values"]
        opened_on = data.get("opened_on")
        self.session.add(
            EFile(
                id=entry["object_id"],
                reference=data["reference"],
                reference_key=reference_key(data["reference"]),
                title=values.get("title", ""),
                unit_id=data["unit"],
                plan_code=data["plan"],
                parties=values.get("parties", []),
                general=data["general"],
                opened_on=date.fromisoformat(opened_on) if opened_on else _moment(entry).date(),
            )
        )

    def _case(self, entry: Entry, data: Any) -> None:
        self.session.add(
            Case(
                id=entry["object_id"],
                efile_id=data["efile"],
                reference=data["reference"],
                reference_key=reference_key(data["reference"]),
                title=entry["values"].get("title", ""),
                opened_on=date.fromisoformat(data["opened_on"]),
            )
        )

    def _change(self, entry: Entry, data: Any) -> None:
        row: EFile | Case = (
            self.session.get_one(EFile, entry["object_id"])
            if entry["kind"] == "efile"
            else self.session.get_one(Case, entry["object_id"])
        )
        if "title" in entry["hashes"]:
            row.title = entry["values"].get("title", "")
        if isinstance(row, EFile) and "plan" in data:
            row.plan_code = data["plan"]

    def _close(self, entry: Entry, data: Any) -> None:
        efile = self.session.get_one(EFile, entry["object_id"])
        closed_on, retain_until = (date.fromisoformat(data[name]) for name in ("closed_on", "retain_until"))
        close_rows(self.session, efile, closed_on, retain_until)
        work_off_all(self.session, efile.id, _moment(entry))
        self.session.expire_all()

    def _reopen(self, entry: Entry, _data: Any) -> None:
        reopen_rows(self.session, self.session.get_one(EFile, entry["object_id"]))

    def _hold(self, entry: Entry, _data: Any) -> None:
        self.session.get_one(EFile, entry["object_id"]).hold = entry["action"] == "efile.hold"

    def _close_case(self, entry: Entry, data: Any) -> None:
        day = data.get("closed_on")
        self.session.get_one(Case, entry["object_id"]).closed_on = date.fromisoformat(day) if day else None

    def _user(self, entry: Entry, data: Any) -> None:
        name = entry["values"].get("name", entry["object_id"])
        self.session.add(
            User(
                id=entry["object_id"],
                name=name,
                display_name=entry["values"].get("display_name", name),
                os_account=name,
                active=True,
                roles=[UserRole(role=role) for role in data["roles"]],
            )
        )

    def _lock_user(self, entry: Entry, _data: Any) -> None:
        self.session.get_one(User, entry["object_id"]).active = entry["action"] == "user.unlock"

    def _roles(self, entry: Entry, data: Any) -> None:
        set_roles(self.session.get_one(User, entry["object_id"]), add=data["add"], remove=data["remove"])

    def _grant(self, entry: Entry, data: Any) -> None:
        self.session.add(
            Grant(
                user_id=entry["object_id"],
                unit_id=data["unit"],
                permission=data["permission"],
                confidential=data["confidential"],
                given_by=entry["actor"],
                given_at=_moment(entry),
            )
        )

    def _revoke(self, entry: Entry, data: Any) -> None:
        place = Grant.unit_id == data["unit"] if data["unit"] else Grant.unit_id.is_(None)
        gone = sa.delete(Grant).where(
            Grant.user_id == entry["object_id"], place, Grant.permission == data["permission"]
        )
        if "confidential" in data:  # entries of before took every right in that place
            gone = gone.where(
                Grant.confidential == data["confidential"],
                Grant.document_id == data["document"] if data["document"] else Grant.document_id.is_(None),
            )
        self.session.execute(gone)

    # -- what was delivered ------------------------------------------------------------------------------------

    def _batch(self, entry: Entry, data: Any) -> None:
        operator = entry["values"].get("operator")
        self.session.add(Batch(id=entry["object_id"], started_at=_moment(entry), operator=operator, **data))

    def _receive(self, entry: Entry, data: Any) -> None:
        source_id, name, moment = entry["object_id"], entry["values"].get("name", ""), _moment(entry)
        there = self.house.store.exists("source", source_id)
        kept = self.house.settings.quarantine / source_id
        aside = sorted(path.name for path in kept.iterdir() if path.name != "grund.json") if kept.is_dir() else []
        year, number = data["entry_no"].split("-")
        self.session.merge(EntryCounter(year=int(year), last=int(number)))
        self.session.add(
            Source(
                id=source_id,
                sha256=data["sha256"],
                entry_no=data["entry_no"],
                name=name,
                size=data["size"],
                media_type=data["media_type"],
                batch_id=data["batch"],
                received_on=date.fromisoformat(data["received_on"]),
                received_at=moment,
                confidentiality="normal",
                state=data["state"],
                step=Step.OPEN if data["state"] == State.WORKING else Step.RECEIVE,
                reason=data["reason"],
                reason_details=data["reason_details"],
                object_path=self.house.store.relative("source", source_id) if there else None,
                quarantine_path=f"{source_id}/{aside[0]}" if data["quarantined"] and aside else None,
                warnings=data["warnings"],
                updated_at=moment,
            )
        )
        self.session.flush()

    def _deliver(self, entry: Entry, data: Any) -> None:
        values = entry["values"]
        self.session.add(
            Delivery(
                source_id=entry["object_id"],
                batch_id=data["batch"],
                name=values.get("name", ""),
                origin=values.get("origin", f"erased-{entry['seq']}"),
                delivered_at=_moment(entry),
                duplicate=data["duplicate"],
            )
        )

    def _open(self, entry: Entry, data: Any) -> None:
        source = self.session.get_one(Source, entry["object_id"])
        pages = {number: Page(source_id=source.id, number=number) for number in range(1, data["pages"] + 1)}
        self.session.add_all(pages.values())
        self.session.flush()
        for part, found in enumerate(data["documents"], start=1):
            self.session.add(
                Document(
                    id=found["id"],
                    source_id=source.id,
                    part=part,
                    hints=found["hints"],
                    state=State.WORKING,
                    step=Step.READ,
                    received_on=source.received_on,
                    received_at=source.received_at,
                    confidentiality=source.confidentiality,
                    warnings=[*source.warnings, *found["warnings"]],
                    timings={},
                    updated_at=now(),
                )
            )
            self.session.add_all(
                DocumentPage(document_id=found["id"], position=position, page_id=pages[number].id)
                for position, number in enumerate(found["pages"], start=1)
            )
        source.state, source.warnings = State.OPENED, data["warnings"]
        self.session.flush()

    def _thing(self, entry: Entry) -> Source | Document:
        if entry["kind"] == "source":
            return self.session.get_one(Source, entry["object_id"])
        return self.session.get_one(Document, entry["object_id"])

    def _quarantine(self, entry: Entry, data: Any) -> None:
        row = self._thing(entry)
        row.state, row.reason, row.reason_details = State.QUARANTINED, data["reason"], data["details"]

    def _retry(self, entry: Entry, data: Any) -> None:
        row = self._thing(entry)
        row.state, row.reason, row.reason_details, row.attempt = State.WORKING, None, {}, data["attempt"]

        if isinstance(row, Source):
            row.discard_by = row.discard_account = row.discard_reason = None

    def _propose_discard(self, entry: Entry, data: Any) -> None:
        row = self.session.get_one(Source, entry["object_id"])
        row.discard_by, row.discard_account, row.discard_reason = entry["actor"], data["account"], entry["purpose"]

    def _discard(self, entry: Entry, _data: Any) -> None:
        self.session.get_one(Source, entry["object_id"]).discarded_at = _moment(entry)

    # -- what became of it -------------------------------------------------------------------------------------

    def _route(self, entry: Entry, data: Any) -> None:
        document = self.session.get_one(Document, entry["object_id"])
        for route in document.routes:
            route.current = False
        by_person = "label" in data
        route = Route(
            unit_id=data["unit"],
            confidence=data.get("confidence"),
            decided_by=data["decided_by"],
            model_version=data.get("model"),
            reasons=[{"code": data["label"]}] if by_person else data["reasons"],
            candidates=data.get("candidates", []),
            actor=entry["actor"],
            decided_at=_moment(entry),
            current=True,
        )
        document.routes.append(route)
        self.session.flush()
        self.session.add_all(RouteCopy(route_id=route.id, unit_id=unit) for unit in data.get("copies", []))
        document.unit_id, document.efile_id, document.case_id = data["unit"], data["efile"], data["case"]
        if by_person:
            document.state, document.worked_at = State.FILED, None
            document.confidentiality = data["confidentiality"]
            self._label(document, entry, data)

    def _label(self, document: Document, entry: Entry, data: Any) -> None:
        moment = _moment(entry)
        self.session.execute(
            sa.update(Label)
            .where(Label.document_id == document.id, Label.withdrawn_at.is_(None))
            .values(withdrawn_at=moment)
        )
        if data["labelled"]:
            self.session.add(
                Label(
                    document_id=document.id,
                    unit_id=data["unit"],
                    kind=data["label"],
                    actor=entry["actor"],
                    given_at=moment,
                )
            )

    def _file(self, entry: Entry, data: Any) -> None:
        """State from the entry, everything that the letter says of itself from its object."""
        document = self.session.get_one(Document, entry["object_id"])
        store, settings = self.house.store, self.house.settings
        if not store.exists("document", document.id):
            document.state, document.unit_id, document.efile_id = data["state"], data["unit"], data["efile"]
            document.case_id = data["case"]
            self._missing.add(document.id)
            return
        version = data.get("object_version")  # an entry is about the version that it wrote
        said = said_of(store.file("document", document.id, "metadata.json", version).read_bytes())
        for name in (
            *("sender", "subject", "file_reference", "foreign_reference", "doctype", "language", "confidence"),
            *("warnings", "timings"),
        ):
            setattr(document, name, said[name])
        document.letter_date = date.fromisoformat(said["date"]) if said["date"] else None
        document.state, document.step = data["state"], Step.INDEX
        document.unit_id, document.efile_id, document.case_id = data["unit"], data["efile"], data["case"]
        document.confidentiality = data["confidentiality"]
        document.valid, document.flavour = data["valid"], data["flavour"]
        document.object_path = store.relative("document", document.id)
        document.pdf_path = None
        if document.valid and "document.pdf" in store.names("document", document.id, version):  # else sealed anew since
            pdf = store.file("document", document.id, "document.pdf", version)
            document.pdf_path = str(pdf.relative_to(settings.archive))
        by_position = {page.position: page for page in document.pages}
        for said_page in said["pages"]:
            entry_page = by_position[said_page["number"]]
            entry_page.left_out = said_page["left_out"]
            for name in PAGE_FACTS:
                setattr(entry_page.page, name, said_page[name])

    def _reseal(self, entry: Entry, data: Any) -> None:
        if self.house.store.exists("document", entry["object_id"]):
            resealing.apply(self.house, self.session, entry["object_id"], data)

    def _move(self, entry: Entry, data: Any) -> None:
        document = self.session.get_one(Document, entry["object_id"])
        document.efile_id, document.case_id = data["efile"], data["case"]

    def _work_off(self, entry: Entry, _data: Any) -> None:
        self.session.get_one(Document, entry["object_id"]).worked_at = _moment(entry)

    def _rule(self, entry: Entry, data: Any) -> None:
        self.session.add(
            RoutingRule(
                id=int(entry["object_id"]),
                priority=data["priority"],
                field=data["field"],
                pattern=entry["values"].get("pattern", ""),
                words=data["words"],
                unit_id=data["unit"],
                active="pattern" in entry["values"],  # a rule whose words were erased looks for nothing
                valid_from=date.fromisoformat(data["valid_from"]) if data["valid_from"] else None,
                valid_to=date.fromisoformat(data["valid_to"]) if data["valid_to"] else None,
                created_by=entry["actor"],
                created_at=_moment(entry),
            )
        )

    def _end_rule(self, entry: Entry, _data: Any) -> None:
        self.session.get_one(RoutingRule, int(entry["object_id"])).active = False

    # -- the router --------------------------------------------------------------------------------------------

    def _model(self, entry: Entry, data: Any) -> None:
        self.session.add(
            RoutingModel(
                version=int(entry["object_id"]),
                folder=data["folder"],
                sha256=data["card_sha256"],
                trained_at=_moment(entry),
                trained_by=entry["actor"],
                examples=data["examples"],
                gate=data["gate"],
                labels=data.get("labels"),
            )
        )
        self.session.flush()

    def _forget(self, entry: Entry, data: Any) -> None:
        row = self.session.get_one(RoutingModel, int(entry["object_id"]))
        row.folder, row.sha256 = data["folder"], data["card_sha256"]

    def _activate(self, entry: Entry, _data: Any) -> None:
        row = self.session.get_one(RoutingModel, int(entry["object_id"]))
        self.session.execute(sa.update(RoutingModel).values(active=False))
        self.session.refresh(row)
        row.active, row.activated_at = True, _moment(entry)

    # -- the end -----------------------------------------------------------------------------------------------

    def _propose(self, entry: Entry, data: Any) -> None:
        self.session.add(
            Disposal(
                id=entry["object_id"],
                **data,
                basis=entry["purpose"],
                proposed_by=entry["actor"],
                proposed_at=_moment(entry),
                objects=[],
            )
        )

    def _release(self, entry: Entry, data: Any) -> None:
        row = self.session.get_one(Disposal, entry["object_id"])
        row.released_by, row.released_at, row.objects = entry["actor"], _moment(entry), data["objects"]
        self.session.flush()
        delete_rows(self.session, data["objects"], data["files"][0] if data["files"] else None)
        self._missing -= {item["id"] for item in data["objects"]}

    def _done(self, entry: Entry, _data: Any) -> None:
        self.session.get_one(Disposal, entry["object_id"]).completed_at = _moment(entry)

    # -- what people keep --------------------------------------------------------------------------------------

    def _save_search(self, entry: Entry, data: Any) -> None:
        values = entry["values"]
        if "name" in values and "wish" in values:
            self.session.merge(
                SavedSearch(
                    id=entry["object_id"],
                    user_id=data["user"],
                    name=values["name"],
                    wish=values["wish"],
                    saved_at=_moment(entry),
                )
            )

    def _forget_search(self, entry: Entry, _data: Any) -> None:
        self.session.execute(sa.delete(SavedSearch).where(SavedSearch.id == entry["object_id"]))


def _moment(entry: Entry) -> datetime:
    return datetime.fromisoformat(entry["at"])
