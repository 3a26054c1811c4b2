"""Reorganisation: units merge, split, get another name or code, or close. Nothing starts from zero.

Labels, letters that are not done, open EFiles, grants, rules, shortlists and the routing model are carried over; what
cannot be carried over surely waits for the post room. The rows change by a plan in one transaction (unit_changes.py);
a new version of the model follows. Between both, letters for a unit that is gone become Clarifications.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

import classify
from classify import Example, UnitProfile
from core.clock import now, today
from core.durable import write_whole
from core.errors import UsageError
from core.hashing import sha256_bytes
from models import Actor, Document, EFile, Label, OrgUnit, Role, RoutingModel, Source, State
from models.chain import lock, record
from models.references import reference_key
from services import unit_changes
from services.filing import general_efile, stale
from services.house import House
from services.indexing import texts_of
from services.labels import bad_line, label_lines
from services.learning import example_of, load_router, profiles_of
from services.rules import Condition, fields_of
from services.training import add_version, kept_labels, read_labels
from services.unit_changes import unit_data
from services.units import free_id, need_unit, valid_units

Plan = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a reorganisation did. ``clarify``: letters that the post room decides; ``files_open``: EFiles (references)
    for which nobody could say who goes on; ``version`` of the model that followed, if there was one."""

    documents: int
    efiles: int
    labels: int
    labels_withdrawn: int
    clarify: tuple[str, ...]
    files_open: tuple[str, ...]
    version: int | None

    def as_json(self) -> dict[str, Any]:
        """As JSON types."""
        return {name: getattr(self, name) for name in self.__slots__}


def merge(
    house: House,
    actor: Actor,
    codes: Sequence[str],
    into: str,
    on: date | None = None,
    *,
    name: str | None = None,
    duties: str | None = None,
    purpose: str = "",
) -> Outcome:
    """Units become one: ``into`` exists, or is new and has a ``name``. Its duties are all of theirs, unless given.

    The old units lie below the new one, so that who may read it reads their old letters. Raises: Forbidden, UsageError.
    """
    day = _day(actor, on)
    with house.database.write() as session:
        lock(session)
        ended = [unit for unit in (need_unit(session, code) for code in dict.fromkeys(codes)) if unit.code != into]
        heir = valid_units(session).get(into)
        if not ended:
            raise UsageError("merge_needs_units")
        if len({unit.confidential for unit in (*ended, *([heir] if heir else []))}) > 1:
            raise UsageError("merge_confidential")
        if heir is None and not name:
            raise UsageError("new_unit_needs_name", unit=into)
        texts = [unit.responsible_for for unit in (*([heir] if heir else []), *ended) if unit.responsible_for]
        gone = {unit.id for unit in ended}
        parent = _above(session, (heir or ended[0]).parent_id, gone)
        first = heir or OrgUnit(
            id=free_id(session, into), code=into, valid_from=day, confidential=ended[0].confidential
        )
        row = unit_data(
            first,
            name=name or first.name,
            responsible_for=duties if duties is not None else ", ".join(dict.fromkeys(texts)),
            parent_id=parent,
        )
        rows = [row]
        for unit in ended:
            rows.append(unit_data(unit, valid_to=day.isoformat(), successor_id=first.id, parent_id=first.id))
        for child in session.scalars(sa.select(OrgUnit).where(OrgUnit.parent_id.in_(gone))):
            if child.id not in gone and child.id != first.id:
                rows.append(unit_data(child, parent_id=first.id))
        heirs = {unit.id: first.id for unit in ended}
        plan = _plan("merge", day, rows, heirs=heirs, stand_for={old: [new] for old, new in heirs.items()}, rules=heirs)
        counted = _counts(session, heirs)
        moved, waiting = _carry_out(session, actor, ended[0].id, plan, purpose)
        profiles = profiles_of(session)
        old_codes = {unit.code: into for unit in ended}
    version = _next_version(house, actor, lambda old, _letters: classify.merged(old, old_codes, profiles))
    return Outcome(moved, counted["efiles"], counted["labels"], 0, waiting, (), version)


def rename(
    house: House,
    actor: Actor,
    code: str,
    *,
    name: str | None = None,
    new_code: str | None = None,
    duties: str | None = None,
    purpose: str = "",
) -> Outcome:
    """Another name, code or duty text of a unit; its id and all that hangs on it stay.

    Raises: Forbidden, UsageError.
    """
    day = _day(actor, None)
    with house.database.write() as session:
        lock(session)
        unit = need_unit(session, code)
        if new_code and new_code != code and new_code in valid_units(session):
            raise UsageError("code_in_use", unit=new_code)
        changes = {"code": new_code, "name": name, "responsible_for": duties}
        row = unit_data(unit, **{key: value for key, value in changes.items() if value is not None})
        _carry_out(session, actor, unit.id, _plan("rename", day, [row]), purpose)
        for id in session.scalars(sa.select(Document.id).where(Document.unit_id == unit.id)).all():
            stale(session, id)  # the index knows units by code and name
        profiles = profiles_of(session)
    version = None
    if new_code and new_code != code:
        version = _next_version(house, actor, lambda old, _letters: classify.merged(old, {code: new_code}, profiles))
    return Outcome(0, 0, 0, 0, (), (), version)


def close(house: House, actor: Actor, code: str, on: date | None = None, *, purpose: str = "") -> Outcome:
    """A unit ends without an heir; letters that are not done wait for the post room, its labels teach nothing more.

    Raises: Forbidden, UsageError when open EFiles or units below need an heir first.
    """
    day = _day(actor, on)
    with house.database.write() as session:
        lock(session)
        unit = need_unit(session, code)
        files = session.scalars(sa.select(EFile).where(EFile.unit_id == unit.id, EFile.closed_on.is_(None))).all()
        below = [other.code for other in valid_units(session).values() if other.parent_id == unit.id]
        if below or any(not file.general for file in files):
            raise UsageError("unit_in_use", unit=code, files=sum(not f.general for f in files), units=len(below))
        tray = session.scalars(sa.select(Document.id).where(Document.unit_id == unit.id, _not_done())).all()
        plan = _plan(
            "close",
            day,
            [unit_data(unit, valid_to=day.isoformat())],
            documents={id: {"unit": None, "efile": None, "case": None} for id in tray},
            stand_for={unit.id: []},
            rules={unit.id: None},
            closed=[file.id for file in files],
        )
        moved, waiting = _carry_out(session, actor, unit.id, plan, purpose)
    return Outcome(moved, 0, 0, 0, waiting, (), None)


# -- split -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Sorting:
    """Who gets what of a split unit, by codes of the parts. ``by_word``: said by a person or a rule."""

    documents: dict[str, str | None] = field(default_factory=dict)
    efiles: dict[str, str | None] = field(default_factory=dict)
    letters: dict[str, Example] = field(default_factory=dict)
    by_word: dict[str, str] = field(default_factory=dict)


def split(
    house: House,
    actor: Actor,
    code: str,
    into: Sequence[str],
    on: date | None = None,
    *,
    rules: Sequence[tuple[Condition, str]] = (),
    labels_file: Path | None = None,
    purpose: str = "",
) -> Outcome:
    """A unit becomes several that exist already (``code`` itself may be one of them).

    Each label, open EFile and letter that is not done goes to a part: by ``labels_file`` (lines with ``id`` or
    ``efile``, and ``unit``), else by the first rule that holds, else with its EFile, else by the duty texts where they
    are clear. The rest waits for the post room. Raises: Forbidden, UsageError.
    """
    day = _day(actor, on)
    with house.database.read() as session:
        unit = need_unit(session, code)
        parts = {part: need_unit(session, part).id for part in dict.fromkeys(into)}
        if len(parts) < 2:
            raise UsageError("split_needs_parts")
        for _condition, part in rules:
            if part not in parts:
                raise UsageError("not_a_part", unit=part)
        profiles = {profile.code: profile for profile in profiles_of(session)}
        offices = [profiles[part] for part in parts]
        sorting = _sort(house, session, unit, offices, rules, _said(session, labels_file, parts) if labels_file else {})
    with house.database.write() as session:
        lock(session)
        plan, open_files = _split_plan(session, actor, unit, parts, sorting, day)
        moved, waiting = _carry_out(session, actor, unit.id, plan, purpose)
        now_profiles = profiles_of(session)
    taught = [_labelled(sorting.letters[id], part) for id, part in _codes(plan["labels"], parts).items() if part]

    def reshaped(old: classify.TrainedRouter, kept: list[Example]) -> classify.TrainedRouter:
        if not old.columns_of(code):
            return classify.merged(old, {}, now_profiles)
        mine = [*taught, *(one for one in kept if one.unit in parts)]
        return classify.split(old, code, offices, mine, now_profiles)

    version = _next_version(house, actor, reshaped, splitting=(code, offices, taught))
    withdrawn = sum(part is None for part in plan["labels"].values())
    return Outcome(
        moved, len(plan["efiles"]), len(plan["labels"]) - withdrawn, withdrawn, waiting, tuple(open_files), version
    )


def _labelled(letter: Example, part: str) -> Example:
    return Example(letter.text, part, letter.subject, letter.sender, letter.day, letter.group, letter.id)


def _codes(labels: Mapping[str, str | None], parts: Mapping[str, str]) -> dict[str, str | None]:
    by_id = {id: code for code, id in parts.items()}
    return {document: by_id[unit] if unit else None for document, unit in labels.items()}


def _said(session: Session, file: Path, parts: Mapping[str, str]) -> dict[str, str]:
    """What a person's file says: id of Document or EFile, to code of a part. Raises: UsageError naming a bad line."""
    said: dict[str, str] = {}
    for number, raw in label_lines(file):
        try:
            part, efile, id = raw["unit"], raw.get("efile"), raw.get("id")
        except KeyError as error:
            raise bad_line(file, number, error) from error
        if part not in parts:
            raise UsageError("not_a_part", unit=part)
        if efile:
            found = session.scalars(sa.select(EFile.id).where(EFile.reference_key == reference_key(str(efile)))).all()
        else:
            number_or_id = sa.or_(Document.id == str(id), Source.entry_no == str(id))
            found = session.scalars(sa.select(Document.id).join(Source).where(number_or_id)).all()
        if not found:
            raise UsageError("bad_label_line", file=str(file), line=number, why="id")
        said |= dict.fromkeys(found, part)
    return said


def _sort(
    house: House,
    session: Session,
    unit: OrgUnit,
    offices: list[UnitProfile],
    rules: Sequence[tuple[Condition, str]],
    said: Mapping[str, str],
) -> _Sorting:
    """Read all letters that a label, the in-tray or an open EFile binds to the unit, and give each to a part."""
    sorting = _Sorting()
    efiles = session.scalars(_open_files(unit.id)).all()
    documents = {row.id: row for row in session.scalars(_bound(unit.id))}
    for id, document in documents.items():
        if document.object_path is None:
            continue  # still on its way: the post room decides
        text = "\f".join(texts_of(house, id))
        sorting.letters[id] = example_of(document, text)
        word = said.get(id) or _ruled(rules, fields_of(document, text))
        if word is not None:
            sorting.by_word[id] = word
    known = [_labelled(sorting.letters[id], part) for id, part in sorting.by_word.items() if id in sorting.letters]
    for efile in efiles:
        title = {"sender": " ".join(map(str, efile.parties)), "subject": efile.title, "text": efile.title}
        inside = Counter(
            sorting.by_word[id] for id, row in documents.items() if row.efile_id == efile.id and id in sorting.by_word
        )
        votes = inside.most_common(1)
        clear = votes[0][0] if votes and votes[0][1] * 2 > inside.total() else None
        sorting.efiles[efile.id] = said.get(efile.id) or _ruled(rules, title) or clear
    unclear = [efile for efile in efiles if sorting.efiles[efile.id] is None]
    rest = [id for id in sorting.letters if id not in sorting.by_word]
    asked = [*(Example(efile.title) for efile in unclear), *(sorting.letters[id] for id in rest)]
    found = classify.parts_of(offices, known, asked) if asked else []
    sure = [one.unit if one.sure else None for one in found]
    sorting.efiles |= {efile.id: part for efile, part in zip(unclear, sure, strict=False)}
    guessed = dict(zip(rest, sure[len(unclear) :], strict=True))
    for id, row in documents.items():
        with_file = sorting.efiles.get(row.efile_id or "")
        sorting.documents[id] = said.get(id) or with_file or sorting.by_word.get(id) or guessed.get(id)
    return sorting


def _ruled(rules: Sequence[tuple[Condition, str]], fields: Mapping[str, str]) -> str | None:
    return next((part for condition, part in rules if condition.holds(fields)), None)


def _split_plan(
    session: Session, actor: Actor, unit: OrgUnit, parts: Mapping[str, str], sorting: _Sorting, day: date
) -> tuple[Plan, list[str]]:
    """The plan, from what was sorted out; what came in meanwhile is sorted by the post room. Also: references of the
    EFiles for which nobody could say who goes on."""
    stays = unit.id in parts.values()
    efiles = session.scalars(_open_files(unit.id)).all()
    going = {efile.id: parts[part] for efile in efiles if (part := sorting.efiles.get(efile.id))}
    documents: dict[str, dict[str, Any]] = {}
    offices = {id: session.get_one(OrgUnit, id) for id in parts.values()}
    for row in session.scalars(_bound(unit.id)):
        done = row.state == State.FILED and row.worked_at is not None
        if row.unit_id != unit.id:
            continue  # bound by its label only
        if row.efile_id in going:
            documents[row.id] = {"unit": going[row.efile_id], "efile": row.efile_id, "case": row.case_id}
        elif not done:
            target = parts.get(sorting.documents.get(row.id) or "")
            general = general_efile(session, actor, offices[target], row.received_on.year).id if target else None
            documents[row.id] = {"unit": target, "efile": general, "case": None}
    held = session.scalars(sa.select(Label.document_id).where(Label.unit_id == unit.id, Label.withdrawn_at.is_(None)))
    labels = {id: parts.get(sorting.documents.get(id) or "") for id in held}
    general_files = session.scalars(
        sa.select(EFile.id).where(EFile.unit_id == unit.id, EFile.general, EFile.closed_on.is_(None))
    ).all()
    plan = _plan(
        "split",
        day,
        [] if stays else [unit_data(unit, valid_to=day.isoformat())],
        documents=documents,
        efiles=going,
        labels=labels,
        stand_for={unit.id: list(parts.values())},
        rules={} if stays else {unit.id: None},
        closed=[] if stays else list(general_files),
    )
    return plan, [efile.reference for efile in efiles if efile.id not in going]


def _open_files(unit: str) -> sa.Select[EFile]:
    query = sa.select(EFile).where(EFile.unit_id == unit, EFile.closed_on.is_(None), sa.not_(EFile.general))
    return query.order_by(EFile.id)


def _bound(unit: str) -> sa.Select[Document]:
    """Letters that a label, the in-tray or an open EFile binds to a unit."""
    labelled = sa.select(Label.document_id).where(Label.unit_id == unit, Label.withdrawn_at.is_(None))
    files = sa.select(EFile.id).where(EFile.unit_id == unit, EFile.closed_on.is_(None), sa.not_(EFile.general))
    mine = sa.and_(Document.unit_id == unit, sa.or_(_not_done(), Document.efile_id.in_(files)))
    return sa.select(Document).where(sa.or_(Document.id.in_(labelled), mine)).order_by(Document.id)


# -- what all share --------------------------------------------------------------------------------------------------


def _day(actor: Actor, on: date | None) -> date:
    """The first day of the new order. Raises: Forbidden, UsageError for a day to come."""
    actor.need(Role.ADMIN)
    if on is not None and on > today():
        raise UsageError("day_ahead", day=on.isoformat())
    return on or today()


def _not_done() -> sa.ColumnElement[bool]:
    return sa.or_(Document.state == State.WORKING, sa.and_(Document.state == State.FILED, Document.worked_at.is_(None)))


def _plan(kind: str, day: date, units: list[dict[str, Any]], **parts: Any) -> Plan:
    nothing: Plan = {
        "heirs": {},
        "documents": {},
        "efiles": {},
        "labels": {},
        "stand_for": {},
        "rules": {},
        "closed": [],
    }
    return {"kind": kind, "on": day.isoformat(), "units": units, **nothing, **parts}


def _above(session: Session, parent: str | None, gone: set[str]) -> str | None:
    """The first unit upwards that stays."""
    while parent in gone:
        parent = session.get_one(OrgUnit, parent).parent_id
    return parent


def _counts(session: Session, heirs: Mapping[str, str]) -> dict[str, int]:
    def count(table: type[EFile] | type[Label], *more: sa.ColumnElement[bool]) -> int:
        return session.scalar(sa.select(sa.func.count(table.id)).where(table.unit_id.in_(heirs), *more)) or 0

    return {
        "efiles": count(EFile, EFile.closed_on.is_(None)),
        "labels": count(Label, Label.withdrawn_at.is_(None)),
    }


def _carry_out(session: Session, actor: Actor, unit: str, plan: Plan, purpose: str) -> tuple[int, tuple[str, ...]]:
    """Apply and journal a plan. Returns: how many letters moved, and which of them wait for the post room."""
    moment = now()
    moved = unit_changes.apply(session, plan, actor.name, moment)
    for id in moved:
        stale(session, id)
    record(session, actor, unit_changes.ACTION, "unit", unit, purpose=purpose, data=plan, at=moment)
    rows = session.scalars(sa.select(Document.id).where(Document.id.in_(moved), Document.state == State.CLARIFY))
    return len(moved), tuple(rows)


def _next_version(
    house: House,
    actor: Actor,
    reshape: Any,
    splitting: tuple[str, list[UnitProfile], list[Example]] | None = None,
) -> int | None:
    """A version of the model for the new order, made from the active one. Returns: its number, or None."""
    with house.database.read() as session:
        row = session.scalar(sa.select(RoutingModel).where(RoutingModel.active))
    if row is None:
        return None  # duties and catalogue only: made anew by itself
    old = load_router(house.settings.routing_models / row.folder, row.sha256)
    labels, kept = _sorted_file(house, row.labels, *splitting) if splitting and row.labels else (row.labels, [])
    router = reshape(old, kept)
    gate = {"passed": True, "why": "reorganised", "champion_version": row.version}
    return add_version(house, actor, router, gate, row.examples, labels, now()).version


def _sorted_file(
    house: House, sha256: str, code: str, offices: list[UnitProfile], taught: list[Example]
) -> tuple[str, list[Example]]:
    """A kept file of labels with the split unit's letters given to parts where that is clear, and the others left out.

    Returns: its sha256, and its letters."""
    file = kept_labels(house, sha256)
    letters = list(read_labels(file))
    lines = [line for line in file.read_text("utf-8").splitlines() if line.strip()]
    mine = [place for place, letter in enumerate(letters) if letter.unit == code]
    if not mine:
        return sha256, []
    found = dict(zip(mine, classify.parts_of(offices, taught, [letters[place] for place in mine]), strict=True))
    out, kept = [], []
    for place, (line, letter) in enumerate(zip(lines, letters, strict=True)):
        part = found.get(place)
        if part is None:
            out.append(line)
        elif part.sure:
            out.append(json.dumps({**json.loads(line), "unit": part.unit}, ensure_ascii=False))
            kept.append(_labelled(letter, part.unit))
    data = ("\n".join(out) + "\n").encode()
    name = sha256_bytes(data)
    write_whole(kept_labels(house, name), data)
    return name, kept
