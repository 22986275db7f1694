"""How the processes behind a figure divide their burdens over several products, and where they do not do it alike.

"Allocation procedures shall be uniformly applied to similar inputs and outputs of the system under consideration"
(ISO 14044, 4.3.4.1; ISO 14067, 6.4.6.1): what enters a process is divided as it was when it left the one before.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from graph.rollup.arrays import ABSENT, BoolArray, IntArray
from graph.rollup.closure import Closure
from graph.rollup.findings import Finding
from graph.rollup.links import KEYS
from graph.rollup.nodes import NodeKind
from graph.rollup.snapshot import ChainSnapshot

_WORDS = ("mass", "economic value", "energy content", "explicit shares")
# So many findings of a figure, and so many processes of one key in each.
_FINDINGS = 200
_NAMED = 10


def keys_used(snapshot: ChainSnapshot, found: Closure) -> tuple[str, ...]:
    """The keys by which a figure's processes divide their burdens over several products; none where none does."""
    codes = _keys(snapshot, found)
    return tuple(sorted(KEYS[code] for code in np.unique(codes[codes != ABSENT]).tolist()))


def mismatches(snapshot: ChainSnapshot, found: Closure) -> list[Finding]:
    """Where two of a figure's processes divide by different keys: one made what the other took in, or both make
    products of one material. Who divides nothing has no key."""
    codes = _keys(snapshot, found)
    if len(np.unique(codes[codes != ABSENT])) < 2:
        return []
    return [*_between_tiers(snapshot, found, codes), *_of_one_material(snapshot, found, codes)]


def _keys(snapshot: ChainSnapshot, found: Closure) -> IntArray:
    """The key of each node of a closure, ``ABSENT`` where nothing is divided or a footprint stands for the process."""
    return np.where(found.override, ABSENT, snapshot.attributes.allocation[found.nodes])


def _between_tiers(snapshot: ChainSnapshot, found: Closure, codes: IntArray) -> Iterator[Finding]:
    """One for each input that a process divides by another key than the process that made it."""
    process: BoolArray = snapshot.kind[found.nodes] == NodeKind.PROCESS
    bits = np.where(codes == ABSENT, 0, 1 << np.maximum(codes, 0))
    made = _made_by(found, process, bits)
    differs = process[found.row] & (bits[found.row] != 0) & ((made[found.column] & ~bits[found.row]) != 0)
    for edge in np.flatnonzero(differs)[:_FINDINGS].tolist():
        taker, taken = int(found.row[edge]), int(found.column[edge])
        makers = [m for m in _makers(found, process, taken) if codes[m] not in (ABSENT, codes[taker])]
        nodes = [taker, taken, *_named(codes, makers)]
        key = [snapshot.key[int(found.nodes[n])] for n in nodes]
        told = _told(codes, nodes[2:], key[2:])
        words = f"{key[0]} divides by {_WORDS[codes[taker]]} what it made of {key[1]}, which was divided {told}"
        yield Finding("allocation-mismatch", words, tuple(key), _documents(snapshot, found, nodes), (key[0], *key[2:]))


def _made_by(found: Closure, process: BoolArray, bits: IntArray) -> IntArray:
    """For each node but processes the keys, a bit each, of the processes that made it, through lots of lots."""
    inner = ~process[found.row]
    row, column = found.row[inner], found.column[inner]
    known, before = bits.copy(), np.zeros_like(bits)
    while not np.array_equal(before, known):
        before = known.copy()
        np.bitwise_or.at(known, row, before[column])
    return np.where(process, 0, known)


def _makers(found: Closure, process: BoolArray, node: int) -> list[int]:
    """The processes that made a lot, through the lots that it is part of, ascending."""
    waiting, seen = [node], {node}
    for one in waiting:
        if not process[one]:
            first, last = np.searchsorted(found.row, [one, one + 1]).tolist()
            below = [n for n in dict.fromkeys(found.column[first:last].tolist()) if n not in seen]
            seen.update(below)
            waiting += below
    return sorted(one for one in waiting if process[one])


def _of_one_material(snapshot: ChainSnapshot, found: Closure, codes: IntArray) -> Iterator[Finding]:
    """One for each material that several processes make and do not divide alike."""
    outputs, material = snapshot.outputs, snapshot.facts.products.material
    at = np.minimum(np.searchsorted(found.nodes, outputs.process), len(found.nodes) - 1)
    divided = np.flatnonzero((found.nodes[at] == outputs.process) & (codes[at] != ABSENT))
    at, label = at[divided], material.codes[outputs.product[divided]]
    for one in sorted(np.unique(label[label > 0]).tolist(), key=material.pool.__getitem__):
        makers = np.unique(at[label == one]).tolist()
        if len({int(codes[m]) for m in makers}) > 1:
            nodes, name = _named(codes, makers), material.pool[one]
            keys = [snapshot.key[int(found.nodes[n])] for n in nodes]
            words = f"{name} is divided {_told(codes, nodes, keys)}"
            documents = _documents(snapshot, found, nodes)
            yield Finding("allocation-mismatch", words, (name, *keys), documents, tuple(keys))


def _named(codes: IntArray, nodes: Sequence[int]) -> list[int]:
    """Some processes by their keys, as many of each as are named."""
    each = [[n for n in nodes if codes[n] == code][:_NAMED] for code in range(len(KEYS))]
    return [n for group in each for n in group]


def _told(codes: IntArray, nodes: Sequence[int], keys: Sequence[str]) -> str:
    """Who divides by what."""
    by: dict[int, list[str]] = {}
    for node, key in zip(nodes, keys, strict=True):
        by.setdefault(int(codes[node]), []).append(key)
    return " and ".join(f"by {_WORDS[code]} in {', '.join(names)}" for code, names in by.items())


def _documents(snapshot: ChainSnapshot, found: Closure, nodes: Sequence[int]) -> tuple[int, ...]:
    documents = np.unique(snapshot.document[found.nodes[np.array(nodes, np.int64)]])
    return tuple(documents[documents != ABSENT].tolist())
