"""What the ledger costs as it grows: appending, proofs and signed heads at 10^4, 10^5 and 10^6 entries.

First the tree alone, in memory: beside each figure stands the bare hashing that it cannot do without. Then the log over
a graph: beside each figure stands a bare round trip to the engine. How costs grow is measured so that a machine shared
with others does not show: trees of all sizes take turns, and what stands over a graph is counted in its round trips.
"""

import json
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from bench.house import folder
from bench.rows import Options, Row, best, forget_peak, peak_mb, say
from graph.model.documents import Format, Verdict
from graph.model.intake import Admission
from graph.store.database import Database, EngineAddress, Tx
from graph.store.embedded import EmbeddedEngine
from graph.store.ledger import ledger_size
from graph.store.migrations import migrate
from service.intake.submit import Intake
from service.intake.writer import GroupWriter
from service.ledger.entry import Scribe
from service.ledger.files import signer
from service.ledger.log import Log
from service.ledger.merkle import Tree, leaf_hash, node_hash, verify_consistency, verify_inclusion
from service.ledger.note import Checkpoint, KeyType, Signer, open_checkpoint, sign_checkpoint
from service.ledger.tiles import Tile
from service.trust.limits import Limits

SIZES = (10_000, 100_000, 1_000_000)
QUICK_SIZES = (1_000, 10_000)
PROOFS, APPENDS, ROUNDS = 1_000, 4_096, 6
GROUP, TURNS = 20, 12
# Appends O(1) amortised and proofs O(log n): what may come of a hundred times the entries. A logarithm grows by half.
MOST_GROWTH_OF_APPENDS, MOST_GROWTH_OF_PROOFS = 1.5, 2.0
_FILL = (
    "UNWIND $rows AS r CREATE (e:Entry {index: r.index, document: r.id, accepted: true, leaf: r.leaf, hash: r.hash})"
    "-[:RECORDS]->(d:Document {id: r.id, index: r.index, issuer: 'urn:greenchain:org:bench', accepted: true})"
)
_SIZE = "MERGE (c:Counter {id: 'ledger'}) SET c.next = $size"


def run(options: Options) -> Iterator[Row]:
    """Rows a size, and how costs grow from the smallest to the largest. ``size``: the largest tree."""
    sizes = QUICK_SIZES if options.quick else SIZES
    if options.size:
        sizes = tuple(dict.fromkeys((max(100, options.size // 100), max(100, options.size // 10), options.size)))
    yield _leaves()
    yield from _trees(sizes)
    yield from _graph(sizes)


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


# The tree alone


class Grown:
    """A tree of a size, and what is done with it, by name; each takes the number of the turn."""

    def __init__(self, size: int) -> None:
        say(f"a tree of {size} entries")
        forget_peak()
        self.size, self._tree = size, Tree()
        leaves = [leaf_hash(n.to_bytes(8, "big")) for n in range(size)]
        self.build = best(lambda: self._tree.append(leaves), 1) / size * 1e6
        self.peak, self.root = peak_mb(), self._tree.root()
        # Numbers that are spread over the tree alike for every size.
        self._picks = [int((n + 0.5) / PROOFS * size) for n in range(PROOFS)]
        random.Random(1).shuffle(self._picks)
        self._leaves = [leaves[n] for n in self._picks]
        self._paths = [self._tree.inclusion(n, size) for n in self._picks]
        self._olds = [self._tree.root(n + 1) for n in self._picks]
        self._proofs = [self._tree.consistency(n + 1, size) for n in self._picks]
        self._signer = Signer("bench.example/ledger", KeyType.ED25519, sha256(b"bench").digest())
        self._head = Checkpoint(self._signer.name, size, self.root)
        self._note = sign_checkpoint(self._head, self._signer).encode()

    @property
    def works(self) -> dict[str, tuple[Callable[[int], object], Callable[[int], object]]]:
        """Ours and the bare work beside it."""
        tree, size, picks, signer = self._tree, self.size, self._picks, self._signer
        levels, verifier = size.bit_length(), signer.verifier

        def hashing(_: int) -> object:
            return [node_hash(self.root, self.root) for _ in range(levels)]

        def signing(_: int) -> object:
            return signer.line(self._head.text)

        def included(n: int) -> object:
            return verify_inclusion(self._leaves[n], picks[n], size, self._paths[n], self.root)

        def consistent(n: int) -> object:
            return verify_consistency(picks[n] + 1, self._olds[n], size, self.root, self._proofs[n])

        def sign(_: int) -> object:
            return sign_checkpoint(Checkpoint(signer.name, size, tree.root(size)), signer)

        return {
            "make an inclusion proof": (lambda n: tree.inclusion(picks[n], size), hashing),
            "verify an inclusion proof": (included, hashing),
            "make a consistency proof": (lambda n: tree.consistency(picks[n] + 1, size), hashing),
            "verify a consistency proof": (consistent, hashing),
            "sign a head, beside the bare signature line": (sign, signing),
            "open a head": (lambda _: open_checkpoint(self._note, [verifier]), signing),
        }

    def append(self) -> None:
        """Some more leaves."""
        self._tree.append([self.root] * APPENDS)


def _trees(sizes: Sequence[int]) -> Iterator[Row]:
    grown = [Grown(size) for size in sizes]
    say("trees of all sizes in turns")
    proofs: dict[tuple[str, int], tuple[float, float]] = {}
    appends = _in_turns([(each.size, each.append) for each in grown], APPENDS)
    bare = best(lambda: [node_hash(grown[0].root, grown[0].root) for _ in range(APPENDS)], ROUNDS)
    names = list(grown[0].works)
    for name in names:
        ours = _in_turns([(each.size, _all(each.works[name][0])) for each in grown], PROOFS)
        beside = _in_turns([(each.size, _all(each.works[name][1])) for each in grown], PROOFS)
        proofs |= {(name, size): (ours[size], beside[size]) for size in sizes}
    for each in grown:
        yield Row("append a leaf", each.size, appends[each.size], _micro(bare, APPENDS), "us")
        yield Row("append a leaf, from nothing to here", each.size, each.build, None, "us", peak_mb=each.peak)
        for name in names:
            yield Row(name, each.size, *proofs[(name, each.size)], "us")
    yield _growth("append a leaf", appends, MOST_GROWTH_OF_APPENDS, "us")
    for name in names[:4]:
        yield _growth(name, {size: proofs[(name, size)][0] for size in sizes}, MOST_GROWTH_OF_PROOFS, "us")


def _all(work: Callable[[int], object]) -> Callable[[], object]:
    return lambda: [work(n) for n in range(PROOFS)]


def _in_turns(works: Sequence[tuple[int, Callable[[], object]]], count: int) -> dict[int, float]:
    """Processor time of one of ``count`` by size, us: the least disturbed of several rounds; all take turns."""
    rounds = [{size: _cpu(work) for size, work in works} for _ in range(ROUNDS)]
    return {size: _micro(min(found[size] for found in rounds), count) for size, _ in works}


def _cpu(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _growth(what: str, found: dict[int, float], most: float, unit: str) -> Row:
    first, last = min(found), max(found)
    told = f"{what}: at {last:,} entries, beside at {first:,}"
    return Row(told, last, found[last], found[first], unit, f"ratio <= {most}", found[last] <= most * found[first])


# The log over a graph


def _graph(sizes: Sequence[int]) -> Iterator[Row]:
    found: dict[str, dict[int, float]] = {}
    with folder() as data, _engine(data) as database:
        migrate(database)
        _warm(database, data)
        for size in sizes:
            say(f"a graph of {size} entries")
            _fill(database, database.read(ledger_size), size)
            for row in _over_graph(database, data / str(size), size):
                if row.unit == "ms":
                    found.setdefault(row.what, {})[size] = row.ratio or 0.0
                yield row
    for what, ratios in found.items():
        yield _growth(what, ratios, MOST_GROWTH_OF_PROOFS, "round trips")


@contextmanager
def _engine(data: Path) -> Iterator[Database]:
    if uri := os.environ.get("NEO4J_URI"):
        told = (("NEO4J_USER", "neo4j"), ("NEO4J_PASSWORD", ""), ("NEO4J_DATABASE", "neo4j"))
        with Database(EngineAddress(uri, *(os.environ.get(name, default) for name, default in told))) as database:
            yield database
        return
    with EmbeddedEngine(data) as engine, Database(engine.address) as database:
        yield database


def _fill(database: Database, first: int, last: int) -> None:
    """Entries as the intake leaves them, without what their documents say."""
    for low in range(first, last, 5_000):
        database.write(_put, [_entry(n) for n in range(low, min(low + 5_000, last))])


def _entry(number: int) -> dict[str, object]:
    leaf = f'{{"document":"{number:064x}","verdict":{{"accepted":true}}}}'.encode()
    return {"index": number, "id": f"{number:064x}", "leaf": leaf, "hash": leaf_hash(leaf)}


def _put(tx: Tx, rows: list[dict[str, object]]) -> None:
    tx.run(_FILL, rows=rows)
    tx.run(_SIZE, size=int(str(rows[-1]["index"])) + 1)


def _warm(database: Database, data: Path) -> None:
    """An engine that has just started is busy compiling itself."""
    say("warming up")
    log, times = _log(database, data / "warm"), dict[str, list[float]]()
    for turn in range(3 * TURNS):
        _turn(database, log, f"warm{turn}", times)


def _log(database: Database, at: Path) -> Log:
    return Log(database, at, signer(at / "log.key", "bench.example/ledger", KeyType.ED25519))


def _append(database: Database, name: str) -> list[str]:
    """A group of documents through the intake, each with one entry: the ids of the documents."""
    issuer, now = "urn:greenchain:org:bench", int(time.time())
    facts = [{"kind": "organization", "id": issuer, "name": "Bench"}]
    contents = [
        json.dumps({"iss": issuer, "jti": f"{name}-{n}", "iat": now, "facts": facts}).encode() for n in range(GROUP)
    ]
    intake = Intake(database, GroupWriter(database, Scribe(b"bench", "0" * 64)), Limits())
    return [d.id for d in intake.submit([(content, Format.JSON) for content in contents], issuer)]


def _over_graph(database: Database, at: Path, size: int) -> Iterator[Row]:
    """Each figure beside a bare round trip taken in the same moment; the middle of several turns."""
    log, times = _log(database, at), dict[str, list[float]]()
    first = best(log.checkpoint, 1)
    yield Row("first reading of the ledger by a process, an entry", size, _micro(first, size), None, "us")
    for turn in range(TURNS):
        _turn(database, log, f"{size}-{turn}", times)
    trip = statistics.median(times.pop("trip")) * 1e3
    for what, found in times.items():
        yield Row(what, size, statistics.median(found) * 1e3, trip, "ms")


def _turn(database: Database, log: Log, name: str, times: dict[str, list[float]]) -> None:
    written: list[str] = []
    _timed(times, "trip", database.verify)
    _timed(times, f"append a group of {GROUP} documents", lambda: written.extend(_append(database, name)))
    _timed(times, "sign the head after it", log.checkpoint)
    _timed(times, "give the proof of a document", lambda: log.proof(written[0]))
    if log.checkpoint().head.size >= 256:
        _timed(times, "serve a full bundle of entries", lambda: log.tile(Tile(None, 0)))


def _timed(times: dict[str, list[float]], what: str, work: Callable[[], object]) -> None:
    times.setdefault(what, []).append(best(work, 1))


def _micro(seconds: float, count: int) -> float:
    return seconds / count * 1e6
