"""Tiles and bundles: what is written can be read, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.ledger.errors import EntryUnknown, ProofRefused
from service.ledger.tiles import Tile, bundle, covering, in_tree, parse_path, split_bundle, split_hashes


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "0/000"),
        (Tile(63, 999, 255), "63/999.p/255"),
        (Tile(0, 1000), "0/x001/000"),
        (Tile(None, 1234067, 1), "entries/x001/x234/067.p/1"),
    ],
)
def test_a_tile_has_one_path(tile: Tile, path: str) -> None:
    assert (tile.path, parse_path(path)) == (path, tile)


@given(st.none() | st.integers(0, 63), st.integers(0, 10**15), st.integers(1, 256))
def test_every_path_is_read_back(level: int | None, number: int, width: int) -> None:
    assert parse_path(Tile(level, number, width).path) == Tile(level, number, width)


@given(st.text("0123456789x/.pentris", max_size=24))
def test_what_is_read_is_the_path_of_a_tile(path: str) -> None:
    try:
        found = parse_path(path)
    except EntryUnknown:
        return
    assert found.path == path


def test_which_tiles_a_tree_has() -> None:
    """The example of tlog-tiles: a tree of 70,000."""
    size = 70_000
    assert [in_tree(Tile(0, 273, w), size) for w in (112, 113)] == [True, False]
    assert in_tree(Tile(1, 0), size)
    assert [in_tree(Tile(1, 1, w), size) for w in (17, 18)] == [True, False]
    assert [in_tree(Tile(2, 0, w), size) for w in (1, 2)] == [True, False]
    assert [in_tree(Tile(level, 0, 1), 256) for level in (0, 1, 2)] == [True, True, False]
    assert not in_tree(Tile(0, 0, 1), 0)


@given(st.lists(st.binary(max_size=300), max_size=8), st.data())
def test_a_bundle_is_read_as_it_was_written_and_in_no_other_way(entries: list[bytes], data: st.DataObject) -> None:
    content = bundle(entries)
    assert split_bundle(content, len(entries)) == entries
    for width in (len(entries) - 1, len(entries) + 1):
        with pytest.raises(ProofRefused):
            split_bundle(content, width)
    if content:
        cut = data.draw(st.integers(0, len(content) - 1))
        with pytest.raises(ProofRefused):
            split_bundle(content[:cut], len(entries))


def test_sizes_of_tiles_and_entries_are_checked() -> None:
    with pytest.raises(ProofRefused):
        split_hashes(bytes(33), 1)
    with pytest.raises(ProofRefused):
        bundle([bytes(65_536)])
    assert split_bundle(bundle([bytes(65_535)]), 1) == [bytes(65_535)]


@given(st.integers(0, 2000), st.integers(0, 2000))
def test_bundles_cover_what_is_new(first: int, size: int) -> None:
    covered = {n for tile in covering(first, size) for n in range(tile.first, tile.first + tile.width)}
    assert set(range(first, size)) <= covered
    assert not covered or max(covered) == size - 1
