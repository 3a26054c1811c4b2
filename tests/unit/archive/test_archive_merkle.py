"""Each entry of a block leads to the root by its path, in trees of all sizes, as the stand-alone verifier sees it."""

from __future__ import annotations

from hashlib import sha256

from archive.data.verify import root
from archive.merkle import path_of, root_of

SIZES = (*range(1, 34), 255, 256, 257, 1000)


def _hashes(size: int) -> list[str]:
    return [sha256(str(number).encode()).hexdigest() for number in range(size)]


def test_each_path_leads_to_the_root() -> None:
    for size in SIZES:
        hashes = _hashes(size)
        for index in range(0, size, 1 if size < 40 else 37):
            assert root(hashes[index], index, size, path_of(hashes, index)) == root_of(hashes), (size, index)


def test_a_path_fits_its_entry_and_its_place_alone() -> None:
    hashes = _hashes(13)
    for index in range(13):
        path = path_of(hashes, index)
        assert {place for place in range(13) if root(hashes[index], place, 13, path) == root_of(hashes)} == {index}
        assert {one for one in hashes if root(one, index, 13, path) == root_of(hashes)} == {hashes[index]}
        assert root(hashes[index], index, 13, path[:-1]) != root_of(hashes)
        assert root(hashes[index], index, 13, [*path, hashes[0]]) != root_of(hashes)


def test_roots_are_those_of_rfc_6962() -> None:
    """Leaf and node as the RFC writes them, for a tree of three by hand."""
    leaves = [sha256(b"\0" + bytes.fromhex(one)).digest() for one in _hashes(3)]
    left = sha256(b"\1" + leaves[0] + leaves[1]).digest()
    assert root_of(_hashes(3)) == sha256(b"\1" + left + leaves[2]).hexdigest()
