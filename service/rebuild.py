"""Replays the documents of one graph into an empty one, and compares: what is in the documents is all there is.

Every document is examined and judged anew, at the time it was received then, in the order of the ledger.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from graph.errors import GreenchainError
from graph.model.documents import StoredDocument
from graph.rollup.kernel import roll_up
from graph.rollup.policy import load_policy
from graph.rollup.snapshot import build
from graph.store.database import Database
from graph.store.documents import contents_at, ledger_head
from graph.store.ledger import enter_leaves, read_leaves
from graph.store.tables import read_newer
from graph.store.validation import validation_of
from service.intake.submit import Intake
from service.ledger.entry import parse_leaf
from service.ledger.merkle import Tree, leaf_hash

WINDOW = 500


class NotEmpty(GreenchainError):
    """The graph to be rebuilt holds documents already."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How it went: documents replayed, what came out otherwise than it was, and the root of the rebuilt ledger."""

    documents: int
    differences: tuple[str, ...]
    root: str


def rebuild(source: Database, target: Database, intake: Intake, told: Callable[[int, int], None]) -> Rebuilt:
    """Replay all documents of ``source`` through ``intake``, which stands on ``target``; ``told``: done, of how many.

    Raises ``NotEmpty``, ``EngineError``.
    """
    if target.read(ledger_head) >= 0:
        raise NotEmpty("the graph to rebuild into is not empty")
    head, differences = source.read(ledger_head), list[str]()
    for first in range(0, head + 1, WINDOW):
        kept = source.read(contents_at, list(range(first, min(first + WINDOW, head + 1))))
        again = intake.replay(kept, source.read(validation_of, [d.index for d in kept]))
        differences += [d for old, new in zip(kept, again, strict=True) if (d := _difference(old, new))]
        told(first + len(kept), head + 1)
    root = _same_leaves(source, target, head + 1, differences)
    differences += _figures(source, target)
    return Rebuilt(head + 1, tuple(differences), root)


def _difference(old: StoredDocument, new: StoredDocument) -> str:
    # When a document leaves the figures is told by a later one.
    if replace(new, content=b"", left=old.left) == replace(old, content=b""):
        return ""
    was, now = old.verdict.failed, new.verdict.failed
    reason = f"refused by {now.name}: {now.detail}" if now else "accepted" if was else "another verdict or place"
    return f"document {old.id} (entry {old.index}): {reason}"


def _same_leaves(source: Database, target: Database, size: int, differences: list[str]) -> str:
    """Entries keep the version of the checks that they were judged by then; nothing else may differ."""
    tree = Tree()
    for first in range(0, size, WINDOW):
        last = min(first + WINDOW, size)
        old, new = read_leaves(source, first, last), read_leaves(target, first, last)
        places = range(first, last)
        changed = [(i, o) for i, o, n in zip(places, old, new, strict=True) if o != n]
        fresh = dict(zip(places, new, strict=True))
        alike = [(i, o) for i, o in changed if _as_then(o, fresh[i])]
        if alike:
            target.write(enter_leaves, [(i, leaf, leaf_hash(leaf)) for i, leaf in alike])
        differences += [f"ledger entry {i} says something else" for i, _ in changed if i not in dict(alike)]
        tree.append(leaf_hash(leaf) for leaf in read_leaves(target, first, last))
    return tree.root().hex()


def _as_then(old: bytes, new: bytes) -> bool:
    then, now = parse_leaf(old), parse_leaf(new)
    return replace(now, policy=then.policy) == then


def _figures(source: Database, target: Database) -> Iterator[str]:
    """Every figure, bit for bit."""
    policy = load_policy()
    tables = [read_newer(database) for database in (source, target)]
    old, new = (build(t, t.head, policy) for t in tables)
    if old.key != new.key or not roll_up(old).same(roll_up(new)):
        yield "the figures are not the same"
