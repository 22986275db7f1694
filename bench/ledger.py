"""What the ledger's tree costs as it grows: appending, proofs and signed heads at 10^4, 10^5 and 10^6 entries.

The tree alone, in memory. Beside each figure stands the bare hashing that it cannot do without.
"""

import os
import random
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

from bench.rows import Options, Row, best, forget_peak, peak_mb, say
from graph.model.documents import Format, Verdict
from graph.model.intake import Admission
from service.ledger.entry import Scribe
from service.ledger.merkle import Tree, leaf_hash, node_hash, verify_consistency, verify_inclusion
from service.ledger.note import Checkpoint, KeyType, Signer, open_checkpoint, sign_checkpoint

SIZES = (10_000, 100_000, 1_000_000)
QUICK_SIZES = (1_000, 10_000)
PROOFS = 2_000
# Appends O(1) amortised and proofs O(log n): what may come of a hundred times the entries.
MOST_GROWTH_OF_APPENDS, MOST_GROWTH_OF_PROOFS = 1.5, 2.0


def run(options: Options) -> Iterator[Row]:
    """Rows a size, and how costs grow from the smallest to the largest. ``size``: the largest tree."""
    sizes = QUICK_SIZES if options.quick else SIZES
    if options.size:
        sizes = tuple(dict.fromkeys((max(100, options.size // 100), max(100, options.size // 10), options.size)))
    yield _leaves()
    found: dict[str, list[float]] = {}
    for size in sizes:
        for row in _at(size):
            found.setdefault(row.what, []).append(row.ours)
            yield row
    yield _growth(found, sizes, "append a leaf", MOST_GROWTH_OF_APPENDS)
    yield _growth(found, sizes, "make an inclusion proof", MOST_GROWTH_OF_PROOFS)
    yield _growth(found, sizes, "make a consistency proof", MOST_GROWTH_OF_PROOFS)


def _leaves() -> Row:
    """One entry's leaf with its salts, commitments and hash, as the intake writes it, beside its hash alone."""
    scribe, count = Scribe(os.urandom(32), "0" * 64), 2_000
    found = [_admission(n) for n in range(count)]
    leaf = scribe.entered(found[0]).leaf
    bare = best(lambda: [leaf_hash(leaf) for _ in range(count)], 3)
    ours = best(lambda: [scribe.entered(each) for each in found], 3)
    return Row("write a leaf, beside hashing it", count, _micro(ours, count), _micro(bare, count), "us")


def _admission(number: int) -> Admission:
    verdict = Verdict(True, (), True, True, True)
    issuer = "urn:greenchain:org:bench"
    return Admission(
        f"{number:064x}", number, Format.JWS, issuer, issuer, f"s{number}", 1.8e9 + number, b"", verdict, "t" * 43
    )


def _at(size: int) -> Iterator[Row]:
    say(f"a tree of {size} entries")
    forget_peak()
    leaves = [leaf_hash(n.to_bytes(8, "big")) for n in range(size)]
    bare = best(lambda: [node_hash(leaf, leaf) for leaf in leaves], 1)
    tree = Tree()
    appending = best(lambda: tree.append(leaves), 1)
    yield Row("append a leaf", size, _micro(appending, size), _micro(bare, size), "us", "", None, peak_mb())
    chance = random.Random(1)
    picks = [chance.randrange(size) for _ in range(PROOFS)]
    yield from _proofs(tree, size, leaves, picks)
    yield from _heads(tree, size)


def _proofs(tree: Tree, size: int, leaves: Sequence[bytes], picks: Sequence[int]) -> Iterator[Row]:
    root, levels = tree.root(), size.bit_length()
    paths = [tree.inclusion(n, size) for n in picks]
    olds = [tree.root(n + 1) for n in picks]
    proofs = [tree.consistency(n + 1, size) for n in picks]
    bare = _each(lambda _: [node_hash(root, root) for _ in range(levels)])
    yield Row("make an inclusion proof", size, _each(lambda i: tree.inclusion(picks[i], size)), bare, "us")
    verify = _each(lambda i: verify_inclusion(leaves[picks[i]], picks[i], size, paths[i], root))
    yield Row("verify an inclusion proof", size, verify, bare, "us")
    yield Row("make a consistency proof", size, _each(lambda i: tree.consistency(picks[i] + 1, size)), bare, "us")
    verify = _each(lambda i: verify_consistency(picks[i] + 1, olds[i], size, root, proofs[i]))
    yield Row("verify a consistency proof", size, verify, bare, "us")


def _heads(tree: Tree, size: int) -> Iterator[Row]:
    signer = Signer("bench.example/ledger", KeyType.ED25519, sha256(b"bench").digest())
    text = Checkpoint(signer.name, size, tree.root()).text
    bare = _each(lambda _: signer.line(text))
    sign = _each(lambda _: sign_checkpoint(Checkpoint(signer.name, size, tree.root()), signer))
    yield Row("sign a head, beside the bare signature line", size, sign, bare, "us")
    note, key = sign_checkpoint(Checkpoint(signer.name, size, tree.root()), signer).encode(), signer.verifier
    yield Row("open a head", size, _each(lambda _: open_checkpoint(note, [key])), bare, "us")


def _growth(found: dict[str, list[float]], sizes: Sequence[int], what: str, most: float) -> Row:
    first, last = found[what][0], found[what][-1]
    told = f"{what}: at {sizes[-1]:,} entries, beside at {sizes[0]:,}"
    return Row(told, sizes[-1], last, first, "us", f"ratio <= {most}", last <= most * first)


def _each(work: Callable[[int], object]) -> float:
    """Microseconds of one call."""
    return _micro(best(lambda: [work(n) for n in range(PROOFS)], 3), PROOFS)


def _micro(seconds: float, count: int) -> float:
    return seconds / count * 1e6
