"""Separators part documents; nothing is lost, and nothing leaks from one part to the next."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
import zxingcpp

from core.errors import LetterError
from ingest import split
from ingest.pages import DeliveredPage, Grey
from ingest.separators import JobTicket, is_patch
from ingest.split import Part
from ingest.tickets import TicketKeys
from ingest.words import Word

DPI = 150
KEYS = TicketKeys((b"k" * 32,))
ANY = TicketKeys(any_patch=True)
SHAPE = 1754, 1240
QR, CODE39, CODE128 = zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.Code39, zxingcpp.BarcodeFormat.Code128


class Stack:
    """A source of drawn pages; ``None`` is one that cannot be read."""

    def __init__(self, *pages: Grey | DeliveredPage | None) -> None:
        self._pages = pages
        self.count = len(pages)

    def page(self, number: int) -> DeliveredPage:
        page = self._pages[number - 1]
        if page is None:
            raise LetterError("damaged")
        if isinstance(page, DeliveredPage):
            return page
        return DeliveredPage(number, page, page.shape[1], page.shape[0], float(DPI))


def blank() -> Grey:
    return np.full(SHAPE, 245, np.uint8)


def letter() -> Grey:
    page = blank()
    for row in range(38):
        cv2.putText(
            page, "Sehr geehrte Damen und Herren wir", (120, 200 + 36 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 0, 2
        )
    return page


def with_code(page: Grey, kind: zxingcpp.BarcodeFormat, text: str, left: int = 150, top: int = 60) -> Grey:
    code = np.array(zxingcpp.create_barcode(text, kind).to_image(scale=3, add_quiet_zones=True))
    page = page.copy()
    page[top : top + code.shape[0], left : left + code.shape[1]] = code
    return page


def patch() -> Grey:
    """A sheet of ours that only parts documents."""
    return with_code(with_code(blank(), CODE39, "PATCHT"), QR, KEYS.issued("1", JobTicket()), top=500)


def patch_of_others() -> Grey:
    return with_code(blank(), CODE39, "PATCHT")


def ticket(keys: TicketKeys = KEYS, /, **values: str | int) -> Grey:
    return with_code(blank(), QR, keys.issued("1", JobTicket(**values)), top=500)  # type: ignore[arg-type]


def find_parts(source: Stack, keys: TicketKeys = KEYS, *, asn_starts: bool = False) -> tuple[Part, ...]:
    return split.find_parts(source, keys, asn_starts=asn_starts)


def pages(parts: Sequence[Part]) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    return [(part.pages, part.separator_pages) for part in parts]


def test_a_file_without_separators_is_one_part() -> None:
    assert find_parts(Stack(letter(), letter(), blank())) == (Part((1, 2, 3)),)


def test_the_page_after_a_separator_begins_a_document() -> None:
    parts = find_parts(Stack(letter(), letter(), patch(), letter(), patch(), letter()))
    assert pages(parts) == [((1, 2), ()), ((4,), (3,)), ((6,), (5,))]


@pytest.mark.parametrize("code", ["PATCHT", "PATCH T", "PATCH II", "patch2", "*PATCHT*"])
def test_patch_codes_are_known(code: str) -> None:
    assert is_patch(code)


@pytest.mark.parametrize("code", ["PATCHWORK", "DISPATCH", "PATCH", "4006381333931"])
def test_other_codes_are_no_patch_codes(code: str) -> None:
    assert not is_patch(code)


def test_other_codes_on_letters_part_nothing() -> None:
    parts = find_parts(Stack(letter(), with_code(letter(), QR, "https://example.org/pay"), letter()))
    assert pages(parts) == [((1, 2, 3), ())]


def test_the_blank_back_of_a_separator_belongs_to_it() -> None:
    parts = find_parts(Stack(patch(), blank(), letter(), blank(), patch(), blank(), letter()))
    assert pages(parts) == [((3, 4), (1, 2)), ((7,), (5, 6))]


def test_a_ticket_holds_for_its_part_alone() -> None:
    source = Stack(ticket(batch="17", unit="32", efile="32.4-OWi-55021873"), letter(), patch(), letter())
    first, second = find_parts(source)
    assert (first.batch_hint, first.unit_hint, first.efile_hint) == ("17", "32", "32.4-OWi-55021873")
    assert (second.batch_hint, second.unit_hint, second.efile_hint) == (None, None, None)


def test_a_ticket_replaces_one_that_had_no_pages_wholly() -> None:
    (part,) = find_parts(Stack(ticket(unit="32", efile="A/1"), ticket(unit="50"), letter()))
    assert (part.unit_hint, part.efile_hint, part.separator_pages) == ("50", None, (1, 2))
    assert split.TICKET_WITHOUT_PAGES in part.warnings


def test_a_patch_code_after_a_ticket_does_not_undo_it() -> None:
    (part,) = find_parts(Stack(ticket(unit="32"), patch(), letter()))
    assert (part.unit_hint, part.pages, part.warnings) == ("32", (3,), ())


def test_a_wrong_number_of_pages_or_documents_is_warned_of() -> None:
    good = find_parts(Stack(ticket(pages=2, documents=2), letter(), letter(), patch(), letter()))
    assert [part.warnings for part in good] == [(), ()]
    bad = find_parts(Stack(ticket(pages=3, documents=3), letter(), letter(), patch(), letter()))
    assert set(bad[0].warnings) == {split.PAGE_COUNT_DIFFERS, split.DOCUMENT_COUNT_DIFFERS}
    assert bad[1].warnings == ()


def test_separators_at_the_end_are_accounted_for() -> None:
    (part,) = find_parts(Stack(letter(), patch(), ticket(unit="32")))
    assert (part.pages, part.separator_pages, part.unit_hint) == ((1,), (2, 3), None)
    assert split.TICKET_WITHOUT_PAGES in part.warnings


def test_a_source_of_separators_alone_is_one_part_without_pages() -> None:
    assert pages(find_parts(Stack(patch(), patch()))) == [((), (1, 2))]


def test_a_page_that_cannot_be_read_stays_in_its_part() -> None:
    parts = find_parts(Stack(letter(), None, patch(), None, letter()))
    assert pages(parts) == [((1, 2), ()), ((4, 5), (3,))]


def test_a_letter_that_bears_a_separator_code_is_kept_and_its_ticket_is_not_obeyed() -> None:
    sticker = with_code(letter(), QR, KEYS.issued("1", JobTicket(unit="10")), top=10)
    first, second = find_parts(Stack(letter(), sticker))
    assert (first.pages, second.pages, second.unit_hint) == ((1,), (2,), None)
    assert second.warnings == (split.SEPARATOR_ON_LETTER,)


FOREIGN = {
    "patch code": patch_of_others(),
    "older version": with_code(blank(), QR, "AL1;unit=10;efile=32.4-OWi-55021873"),
    "no check": with_code(blank(), QR, JobTicket(unit="10").encoded("1")),
    "key of others": ticket(TicketKeys((b"x" * 32,)), unit="10"),
    "changed": with_code(blank(), QR, KEYS.issued("1", JobTicket(unit="32")).replace("unit=32", "unit=10")),
    "empty check": with_code(blank(), QR, "AL2;n=1;unit=10;c="),
}


@pytest.mark.parametrize("page", FOREIGN.values(), ids=FOREIGN)
def test_a_code_that_this_town_did_not_issue_steers_nothing(page: Grey) -> None:
    for keys in (KEYS, TicketKeys()):
        (part,) = find_parts(Stack(letter(), page, letter()), keys)
        assert (part.pages, part.separator_pages) == ((1, 2, 3), ())
        assert (part.unit_hint, part.efile_hint) == (None, None)
        assert part.warnings == (split.SEPARATOR_NOT_OURS,)


def test_patch_codes_of_others_part_where_the_town_wants_it() -> None:
    parts = find_parts(Stack(letter(), patch_of_others(), letter()), ANY)
    assert pages(parts) == [((1,), ()), ((3,), (2,))]
    (part,) = find_parts(Stack(letter(), ticket(unit="10"), letter()), ANY)  # a ticket still needs its check
    assert (part.pages, part.unit_hint) == ((1, 2, 3), None)


def test_sheets_of_older_keys_are_known() -> None:
    renewed = TicketKeys((b"n" * 32, *KEYS.keys))
    _, second = find_parts(Stack(letter(), ticket(unit="32"), letter()), renewed)
    assert second.unit_hint == "32"


@pytest.mark.parametrize("kind", [QR, CODE128])
def test_a_serial_number_is_noted_and_parts_only_where_it_shall(kind: zxingcpp.BarcodeFormat) -> None:
    labelled = with_code(letter(), kind, "ASN00012345", top=10)
    (part,) = find_parts(Stack(labelled, letter()))
    assert (part.pages, part.asn, part.warnings) == ((1, 2), 12345, ())
    (part,) = find_parts(Stack(letter(), labelled))
    assert (part.asn, part.warnings) == (None, (split.ASN_ON_LATER_PAGE,))
    parts = find_parts(Stack(letter(), labelled, letter()), asn_starts=True)
    assert [(part.pages, part.asn) for part in parts] == [((1,), None), ((2, 3), 12345)]


def test_a_searchable_scan_is_parted_by_its_text() -> None:
    def own(number: int, text: str) -> DeliveredPage:
        line = tuple(Word(word, (0, 0, 9, 9), 1.0) for word in text.split())
        return DeliveredPage(number, None, 2480, 3508, 300.0, own_text=((line,),))

    sheet = own(2, f"Trennblatt PATCHT {KEYS.issued('1', JobTicket(unit='50'))}")
    parts = find_parts(Stack(own(1, "ein Brief " * 80), sheet, own(3, "noch ein Brief")))
    assert pages(parts) == [((1,), ()), ((3,), (2,))]
    assert parts[1].unit_hint == "50"
    foreign = own(2, f"Trennblatt PATCHT {JobTicket(unit='50').encoded('1')}")
    (part,) = find_parts(Stack(own(1, "ein Brief " * 80), foreign, own(3, "noch ein Brief")))
    assert (part.pages, part.unit_hint, part.warnings) == ((1, 2, 3), None, (split.SEPARATOR_NOT_OURS,))


@pytest.mark.parametrize(
    "given",
    [JobTicket(), JobTicket(batch="2025-03-03/17", unit="32"), JobTicket(efile="a;b=c%ä", pages=3, documents=12)],
)
def test_a_ticket_is_read_as_it_was_written(given: JobTicket) -> None:
    assert KEYS.read(KEYS.issued("1", given)) == given


def test_what_is_no_ticket_is_none() -> None:
    assert JobTicket.decoded("https://example.org") is None
    assert JobTicket.decoded("AL2;pages=many;colour=red") == JobTicket()


def test_every_page_is_in_one_part_or_a_separator() -> None:
    kinds = {"l": letter(), "b": blank(), "p": patch(), "f": patch_of_others(), "t": ticket(unit="1"), "x": None}
    for order in ("plbptlx", "bbplpp", "xptbl", "tbtbtb", "lplplpl", "p", "flfpfb"):
        parts = find_parts(Stack(*(kinds[kind] for kind in order)))
        seen = [number for part in parts for number in (*part.pages, *part.separator_pages)]
        assert sorted(seen) == list(range(1, len(order) + 1)), order
