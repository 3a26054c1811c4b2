"""Printed and scanned separator sheets, read as a scanner delivers them."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pdf2image
import pytest

from ingest.pages import DeliveredPage, Grey
from ingest.separators import JobTicket, sheets
from ingest.split import find_codes
from ingest.tickets import TicketKeys

KEYS = TicketKeys((b"k" * 32,))
TICKET = JobTicket(batch="2025-03-03/17", unit="32", efile="32.4-OWi-55021873", pages=2)


def sheet(ticket: JobTicket) -> bytes:
    return sheets([KEYS.issued("7XQ2M4K8ZA", ticket)], ticket)


def scanned(pdf: bytes, dpi: int, lean: float, turn: int, noise: float) -> Grey:
    (image,) = pdf2image.convert_from_bytes(pdf, dpi=dpi, grayscale=True)
    grey = np.asarray(image.convert("L"))
    high, wide = grey.shape
    matrix = cv2.getRotationMatrix2D((wide / 2, high / 2), lean, 1)
    leaning = cv2.warpAffine(grey, matrix, (wide, high), borderValue=255).astype(float)
    rough = leaning * 0.85 + np.random.default_rng(1).normal(0, noise, grey.shape)
    return np.ascontiguousarray(np.rot90(np.clip(rough, 0, 255).astype(np.uint8), turn))


@pytest.mark.parametrize("dpi", [100, 200, 300])
@pytest.mark.parametrize(("lean", "turn", "noise"), [(0, 0, 0), (3, 0, 8), (-5, 1, 12), (7, 2, 8)])
def test_a_printed_sheet_is_read_however_it_was_scanned(dpi: int, lean: float, turn: int, noise: float) -> None:
    grey = scanned(sheet(TICKET), dpi, lean, turn, noise)
    codes = find_codes(DeliveredPage(1, grey, grey.shape[1], grey.shape[0], float(dpi)), KEYS)
    assert codes.sheet and codes.separates and codes.ticket == TICKET


def test_a_sheet_without_a_ticket_parts_only() -> None:
    grey = scanned(sheet(JobTicket()), 200, 1, 0, 5)
    codes = find_codes(DeliveredPage(1, grey, grey.shape[1], grey.shape[0], 200.0), KEYS)
    assert codes.sheet and codes.separates and codes.ticket is None


def test_the_search_takes_a_few_milliseconds_of_a_300_dpi_page() -> None:
    page = np.full((3508, 2480), 240, np.uint8)
    for row in range(60):
        cv2.putText(page, "Sehr geehrte Damen und Herren, wir schreiben", (250, 400 + 50 * row), 0, 1.6, 0, 3)
    delivered = DeliveredPage(1, page, 2480, 3508, 300.0)
    find_codes(delivered, KEYS)
    spent = []
    for _ in range(7):
        start = time.process_time()
        find_codes(delivered, KEYS)
        spent.append(time.process_time() - start)
    assert sorted(spent)[3] < 0.025
