"""Who wrote and to whom: the address blocks of the head, the return address, the letterhead, the signature.

Every candidate for the sender has points by its place and make-up, and more where other candidates bear
the same name. DIN 5008: return address in small print on top of the address field, 20 to 105 mm
from the left edge, 27 mm (form A) or 45 mm (form B) from the top.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from ingest.letter import marks
from ingest.letter.dates import find_dates
from ingest.letter.labels import Label, leading
from ingest.letter.names import alike, bare_name, can_be_name, clean_name, is_firm, is_person, signed_name
from ingest.letter.parts import FOOT_ROWS, Parts
from ingest.letter.sheet import Box, Row
from ingest.letter.slips import fold

FIELD_LEFT = 12.0, 40.0  # mm: where lines of an address field begin, shifted paper included
FIELD_TOP = 25.0, 75.0  # mm
SURE_RECIPIENT = 1.5
LEAST_SENDER = 1.0
MAX_LINES = 8
LARGE = 1.35  # times the usual height of a row: a letterhead
_LOGO = re.compile(r"^[A-ZÄÖÜ&]{1,3}$")  # initials drawn large
_HONORIFIC = re.compile(r"^(?:Herrn?|Frau|Firma|Fa\.|Familie)$")


@dataclass(slots=True)
class Group:
    """Lines that form an address. ``inline``: it stood on one line."""

    rows: list[Row] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    has_place: bool = False
    inline: bool = False
    contacts: int = 0
    labelled: bool = False  # "Absender:"
    addressed: bool = False  # "An das"

    @property
    def box(self) -> Box | None:
        return self.rows[0].box if self.rows else None


@dataclass(frozen=True, slots=True)
class Parties:
    """Sender and recipient, with the rows that they stand in."""

    sender_lines: tuple[str, ...]
    recipient_lines: tuple[str, ...]
    sender_rows: frozenset[Row]
    recipient_rows: frozenset[Row]

    @property
    def sender(self) -> str | None:
        return self.sender_lines[0] if self.sender_lines else None


@dataclass(slots=True)
class _Candidate:
    name: str
    lines: list[str]
    rows: list[Row]
    points: float
    rank: int  # which spelling to print where several candidates agree: the lowest


def find_parties(parts: Parts, town: str | None) -> Parties:
    """Sender and recipient. The sender is never the town."""
    groups = _groups(parts.head, town)
    recipient = _recipient(groups, parts, town)
    candidates = _candidates(groups, recipient, parts, town)
    recipient_lines = tuple(recipient.lines) if recipient else ()
    recipient_rows = frozenset(recipient.rows) if recipient else frozenset()
    best = _best(candidates)
    if best is None:
        return Parties((), recipient_lines, frozenset(), recipient_rows)
    rows = {row for candidate in candidates if alike(candidate.name, best.name) for row in candidate.rows}
    return Parties((best.name, *best.lines[1:]), recipient_lines, frozenset(rows), recipient_rows)


def _groups(head: Sequence[Row], town: str | None) -> list[Group]:
    """Cut the head into addresses. Contact lines count for the group that they follow."""
    groups: list[Group] = []
    current: Group | None = None
    block = -1
    for row in head:
        text = row.text.strip()
        if row.block != block:
            current, block = None, row.block
        parts = marks.address_parts(text)
        label = leading(text)
        if parts is not None:
            groups.append(Group([row], [clean_name(part) for part in parts], True, True, labelled=_is_sender(label)))
            current = None
        elif _ends_group(text, label):
            if (label is not None and label.label in (Label.CONTACT, Label.FIRM)) or marks.is_contact(text):
                if groups and _belongs(groups[-1], row):
                    groups[-1].contacts += 1
                    groups[-1].rows.append(row)
            elif not find_dates(text):  # a date may stand beside an address
                current = None
        else:
            current = _add(groups, current, row, town)
    return groups


def _is_sender(label: object) -> bool:
    return getattr(label, "label", None) is Label.SENDER


def _ends_group(text: str, label: object) -> bool:
    kind = getattr(label, "label", None)
    if kind in (Label.SENDER, Label.RECIPIENT):
        return False
    if kind is not None or marks.is_contact(text):
        return True
    return marks.is_postal(text) or (bool(find_dates(text)) and len(text) < 60) or not re.search(r"[^\W\d]{2}", text)


def _belongs(group: Group, row: Row) -> bool:
    """A contact line right under a group."""
    above, box = group.rows[-1].box, row.box
    if above is None or box is None:
        return row.block == group.rows[-1].block
    return _near(group, row) and 0 < box.middle - above.middle < 3 * above.height


def _near(group: Group, row: Row) -> bool:
    above, box = group.rows[-1].box, row.box
    return above is None or box is None or (box.overlap(above) > 0 or abs(box.left - above.left) < 10)


def _add(groups: list[Group], current: Group | None, row: Row, town: str | None) -> Group | None:
    """Add a row to the open group, or open one. Returns: the group that stays open."""
    text = row.text.strip()
    label = leading(text)
    sender, to = _is_sender(label), marks.addresses(text)
    if marks.is_place(text) or _street_and_place(text):
        target = current if current is not None else _unplaced(groups, row)
        if target is not None:
            target.rows.append(row)
            target.lines.append(text)
            target.has_place = True
            return None
    starts = sender or to or (marks.names_town(text, town) and not _only_opening(current))
    if current is None or starts or len(current.lines) >= MAX_LINES:
        current = Group(labelled=sender, addressed=to)
        groups.append(current)
    current.rows.append(row)
    line = clean_name(text) if sender else text
    if line:
        current.lines.append(line)
    return current


def _only_opening(group: Group | None) -> bool:
    """The group holds no more than "An das", "Herrn"."""
    if group is None:
        return False
    return all(marks.addresses(line) or _HONORIFIC.match(line) or marks.names_town(line, None) for line in group.lines)


def _street_and_place(text: str) -> bool:
    pieces = re.split(r"\s*[·•|,]\s*|\s+[-–—]\s+", text)
    return len(pieces) >= 2 and marks.is_street(pieces[0]) and any(marks.is_place(piece) for piece in pieces[1:3])


def _unplaced(groups: list[Group], row: Row) -> Group | None:
    """The last group above that still lacks its place (an empty line may part name and place)."""
    for group in reversed(groups[-3:]):
        if not group.has_place and not group.inline and group.rows and _near(group, row):
            box, above = row.box, group.rows[-1].box
            if box is None or above is None or 0 < box.middle - above.middle < 6 * above.height:
                return group
    return None


def _recipient(groups: Sequence[Group], parts: Parts, town: str | None) -> Group | None:
    signatures = _signatures(parts)
    scored = [
        (_recipient_points(group, groups, signatures, town), -number, group)
        for number, group in enumerate(groups)
        if group.lines
    ]
    if not scored:
        return None
    placed = [item for item in scored if item[2].has_place and item[0] >= SURE_RECIPIENT]
    points, _, group = max(placed or scored, key=lambda item: (item[0], item[1]))
    return group if points >= SURE_RECIPIENT else None


def _recipient_points(group: Group, groups: Sequence[Group], signatures: Sequence[str], town: str | None) -> float:
    """How much a group looks like the address of the town."""
    if group.labelled:
        return -5.0
    points = 2.0 * group.addressed
    first = group.lines[:4]
    if any(marks.names_town(line, town) for line in first):
        points += 2.5
        if town is not None and any(
            marks.names_town(line, town) and marks.town_core(town) in fold(line) for line in first
        ):
            points += 1.5
    if any(marks.names_office(line) for line in first):
        points += 1.0
    points += 0.6 * group.has_place
    if ":" in group.lines[0] or (len(group.lines) == 1 and "," in group.lines[0]):
        points -= 1.5
    if any(_HONORIFIC.match(line) for line in first[:3]):
        points += 0.7
    if group.inline:
        points -= 2.5
    points -= 1.0 * min(group.contacts, 2)
    number = next(place for place, other in enumerate(groups) if other is group)
    if number and any(other.inline for other in groups[max(0, number - 2) : number]):
        points += 0.8
    points += 0.4 * (number > 0)
    box = group.box
    if box is not None and FIELD_LEFT[0] <= box.left <= FIELD_LEFT[1] and FIELD_TOP[0] <= box.top <= FIELD_TOP[1] + 15:
        points += 0.6
    if any(alike(name, line) for name in signatures for line in group.lines[:2]):
        points -= 3.0
    return points


def _candidates(groups: Sequence[Group], recipient: Group | None, parts: Parts, town: str | None) -> list[_Candidate]:
    found: list[_Candidate] = []
    above_recipient = True
    usual = median([row.box.height for row in parts.head if row.box is not None] or [0.0])
    for number, group in enumerate(groups):
        if group is recipient:
            above_recipient = False
            continue
        candidate = _from_group(group, number, above_recipient, usual, has_recipient=recipient is not None)
        if candidate is not None:
            found.append(candidate)
    found.extend(_from_foot(parts, town))
    found.extend(_from_page_ends(parts, town))
    return [
        candidate
        for candidate in found
        if not _is_town(candidate.name, recipient, town)
        and can_be_name(candidate.name)
        and not _LOGO.match(candidate.name)
    ]


def _from_group(
    group: Group, number: int, above_recipient: bool, usual: float, *, has_recipient: bool
) -> _Candidate | None:
    lines = _from_name_on(group.lines)
    if not lines or (group.addressed and not group.has_place):
        return None
    points = 2.0 * group.labelled + 0.3 * min(group.contacts, 2) + 0.3 * (number == 0)
    named = is_firm(lines[0]) or is_person(lines[0])
    if not (group.has_place or group.inline or named or has_recipient or group.contacts or group.labelled):
        return None  # it may as well be the subject, or the letter itself
    if group.inline:
        points += 3.4
    elif group.has_place:
        points += 3.5
    elif above_recipient and (number <= 1 or group.contacts):
        points += 1.2
    elif not above_recipient and group.box is not None and group.box.left > 100 and group.contacts:
        points += 0.8
    else:
        return None
    if group.box is not None and group.box.height > LARGE * usual:
        points += 1.5
    points += 0.5 * named
    return _Candidate(
        clean_name(lines[0]),
        lines,
        list(group.rows),
        points,
        2 if group.inline else 0 if group.has_place else 1,
    )


def _from_name_on(lines: Sequence[str]) -> list[str]:
    """The lines without what stands above the name: a stray mark, a street of a torn block."""
    for place, line in enumerate(lines):
        name = clean_name(line)
        torn = marks.is_street(name) and not any(marks.is_street(other) for other in lines[place + 1 :])
        if can_be_name(name) and not marks.is_room(name) and not torn:
            return [name, *lines[place + 1 :]]
    return []


def _signatures(parts: Parts) -> list[str]:
    names = []
    for row in parts.foot[:6]:
        label = leading(row.text)
        if label is not None and label.label in (Label.ENCLOSURES, Label.SENDER):
            break
        name = signed_name(row.text)
        if (
            (is_person(name) or is_firm(name))
            and can_be_name(name)
            and not (marks.is_closing(row.text) and name == row.text.strip())
        ):
            names.append(name)
    return names


def _from_foot(parts: Parts, town: str | None) -> list[_Candidate]:
    """The signature, and an address under it."""
    found = []
    for rank, name in enumerate(_signatures(parts)[:2]):
        found.append(_Candidate(name, [name], [], 1.5 - 0.3 * rank, 3))
    for group in _groups(parts.foot[:FOOT_ROWS], town):
        lines = _from_name_on(group.lines)
        if lines and group.has_place and not group.addressed:
            if len(lines) > 1 and fold(lines[0]) in fold(lines[1]):  # signed right above
                lines = lines[1:]
            name = bare_name(lines[0])
            found.append(_Candidate(name, [name, *lines[1:]], [], 2.6 + 2.0 * group.labelled, 2))
    return found


def _from_page_ends(parts: Parts, town: str | None) -> list[_Candidate]:
    """A firm's address at the foot of the first page."""
    first = next((sheet for sheet in parts.sheets if sheet.rows), None)
    if first is None or not first.has_places:
        return []
    low = [row for row in first.rows if row.box is not None and row.box.top > 0.86 * first.height]
    found = []
    for group in _groups(low, town):
        lines = _from_name_on(group.lines)
        if lines and group.has_place and not group.addressed:
            found.append(_Candidate(lines[0], lines, [], 2.0, 2))
    return found


def _is_town(name: str, recipient: Group | None, town: str | None) -> bool:
    if marks.addresses(name):
        return True
    if recipient is not None and any(fold(name) == fold(line) for line in recipient.lines[:3]):
        return True
    if not marks.names_town(name, town):
        return False
    return town is not None or recipient is None


def _best(candidates: Sequence[_Candidate]) -> _Candidate | None:
    if not candidates:
        return None
    support = [
        candidate.points
        + sum(0.8 for other in candidates if other is not candidate and alike(other.name, candidate.name))
        for candidate in candidates
    ]
    place = max(range(len(candidates)), key=lambda number: support[number])
    if support[place] < LEAST_SENDER:
        return None
    best = candidates[place]
    same = [other for other in candidates if alike(other.name, best.name) and other.rank < best.rank]
    clearer = min(same, key=lambda other: other.rank, default=None)
    if clearer is not None and clearer.rank <= 1:
        longer = clearer.lines if len(clearer.lines) >= len(best.lines) else [clearer.name, *best.lines[1:]]
        name = clearer.name if not clearer.name.isupper() or best.name.isupper() else best.name
        return _Candidate(name, longer, clearer.rows + best.rows, support[place], clearer.rank)
    return best
