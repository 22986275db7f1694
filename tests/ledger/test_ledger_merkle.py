"""The tree of RFC 6962 2.1: against its definition written down as it stands there, and against every alteration."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.ledger import merkle
from service.ledger.errors import ProofRefused
from service.ledger.merkle import EMPTY_ROOT, Tree, leaf_hash, verify_consistency, verify_inclusion
from tests.ledger import merkle_vectors

LARGEST = 70
LEAVES = [leaf_hash(str(n).encode()) for n in range(LARGEST)]


def grown(size: int) -> Tree:
    tree = Tree()
    tree.append(LEAVES[:size])
    return tree


WHOLE = grown(LARGEST)


def mth(leaves: list[bytes]) -> bytes:
    """RFC 6962 2.1, word for word, over leaf hashes."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


ROOTS = [mth(LEAVES[:size]) for size in range(LARGEST + 1)]


def refused(check: Callable[..., None], *arguments: object) -> None:
    with pytest.raises(ProofRefused):
        check(*arguments)


def test_known_answers() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


def test_roots_of_every_size_are_those_of_the_definition() -> None:
    assert [WHOLE.root(size) for size in range(LARGEST + 1)] == ROOTS
    assert [grown(size).root() for size in range(LARGEST + 1)] == ROOTS


def test_every_leaf_is_proven_in_every_tree() -> None:
    for size in range(1, LARGEST + 1):
        for index in range(size):
            path = WHOLE.inclusion(index, size)
            verify_inclusion(LEAVES[index], index, size, path, ROOTS[size])
            assert len(path) <= (size - 1).bit_length()


def test_every_tree_is_proven_to_continue_every_smaller_one() -> None:
    for new in range(LARGEST + 1):
        for old in range(new + 1):
            proof = WHOLE.consistency(old, new)
            verify_consistency(old, ROOTS[old], new, ROOTS[new], proof)
            assert len(proof) <= max(1, new).bit_length() + 1


@given(st.data())
def test_an_altered_inclusion_proof_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, LARGEST))
    index = data.draw(st.integers(0, size - 1))
    path, root, leaf = WHOLE.inclusion(index, size), ROOTS[size], LEAVES[index]
    bit = data.draw(st.integers(0, 255))
    refused(verify_inclusion, flip(leaf, bit), index, size, path, root)
    refused(verify_inclusion, leaf, index, size, path, flip(root, bit))
    refused(verify_inclusion, leaf, index, size, [*path, LEAVES[0]], root)
    other = data.draw(st.integers(0, size - 1).filter(lambda n: n != index) if size > 1 else st.just(size))
    refused(verify_inclusion, leaf, other, size, path, root)
    for at in range(len(path)):
        refused(verify_inclusion, leaf, index, size, [*path[:at], flip(path[at], bit), *path[at + 1 :]], root)
        refused(verify_inclusion, leaf, index, size, [*path[:at], *path[at + 1 :]], root)
        refused(verify_inclusion, leaf, index, size, [*path[:at], path[at][:-1], *path[at + 1 :]], root)
    if len(path) > 1:
        refused(verify_inclusion, leaf, index, size, path[::-1], root)


@given(st.data())
def test_an_altered_consistency_proof_is_refused(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, LARGEST))
    old = data.draw(st.integers(1, new - 1))
    proof = WHOLE.consistency(old, new)
    bit = data.draw(st.integers(0, 255))
    refused(verify_consistency, old, flip(ROOTS[old], bit), new, ROOTS[new], proof)
    refused(verify_consistency, old, ROOTS[old], new, flip(ROOTS[new], bit), proof)
    refused(verify_consistency, old, ROOTS[old], new, ROOTS[new], [*proof, LEAVES[0]])
    for at in range(len(proof)):
        refused(
            verify_consistency, old, ROOTS[old], new, ROOTS[new], [*proof[:at], flip(proof[at], bit), *proof[at + 1 :]]
        )
        refused(verify_consistency, old, ROOTS[old], new, ROOTS[new], [*proof[:at], *proof[at + 1 :]])


@given(st.integers(0, LARGEST), st.integers(0, LARGEST))
def test_a_forked_tree_is_refused_with_any_honest_proof(old: int, new: int) -> None:
    """The forked log has one other leaf below the old size."""
    if not 0 < old <= new:
        return
    forked = Tree()
    forked.append([*LEAVES[: old - 1], leaf_hash(b"another"), *LEAVES[old:new]])
    for proof in (WHOLE.consistency(old, new), forked.consistency(old, new)):
        refused(verify_consistency, old, ROOTS[old], new, forked.root(), proof)


@pytest.mark.parametrize(("old", "new"), [(2, 1), (-1, 3), (0, 3)])
def test_sizes_out_of_order_are_refused(old: int, new: int) -> None:
    refused(verify_consistency, old, ROOTS[2], new, ROOTS[new], [])


def test_two_roots_of_one_size_are_refused() -> None:
    refused(verify_consistency, 3, ROOTS[3], 3, ROOTS[4], [])
    refused(verify_consistency, 3, ROOTS[3], 3, ROOTS[3], [LEAVES[0]])
    refused(verify_consistency, 3, ROOTS[3], 4, ROOTS[4], [])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (4, 3), (0, 0), (0, LARGEST + 1)])
def test_what_lies_outside_the_tree_has_no_proof(index: int, size: int) -> None:
    refused(lambda: WHOLE.inclusion(index, size))
    if index >= size or index < 0:
        refused(verify_inclusion, LEAVES[0], index, size, [], ROOTS[1])


def test_a_proof_longer_than_any_tree_is_refused() -> None:
    refused(verify_inclusion, LEAVES[0], 0, 2**64, [LEAVES[0]] * 64, ROOTS[1])
    refused(merkle.check_hashes, [LEAVES[0]] * 64)


def test_only_hashes_are_appended() -> None:
    refused(Tree().append, [b"short"])


@given(st.lists(st.integers(1, 9), max_size=12))
def test_how_leaves_are_grouped_makes_no_difference(groups: list[int]) -> None:
    tree, at = Tree(), 0
    for count in groups:
        tree.append(LEAVES[at : at + count] if at + count <= LARGEST else [])
        at = tree.size
    assert tree.root() == ROOTS[at]


def flip(value: bytes, bit: int) -> bytes:
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)


def test_the_runner_of_published_vectors_tells_good_from_bad(tmp_path: Path) -> None:
    def vector(name: str, index: int, refuse: bool) -> None:
        path = [b64(h) for h in WHOLE.inclusion(3, 7)]
        told = {"leafIdx": index, "treeSize": 7, "root": b64(ROOTS[7]), "leafHash": b64(LEAVES[3]), "proof": path}
        (tmp_path / f"{name}.json").write_text(json.dumps(told | {"wantErr": refuse}))

    vector("good", 3, False)
    vector("bad", 2, True)
    assert merkle_vectors.run(tmp_path) == (2, [])
    vector("good that should be refused", 3, True)
    vector("bad that should be taken", 9, False)
    assert merkle_vectors.run(tmp_path) == (2, ["bad that should be taken.json", "good that should be refused.json"])


def b64(value: bytes) -> str:
    return base64.b64encode(value).decode()
