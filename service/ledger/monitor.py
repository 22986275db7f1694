"""A stranger's monitor of a log: reads all of it, rebuilds the root, and tells what an honest log would not contain."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from service.ledger.audit_state import AuditState, StateRefused
from service.ledger.entry import Leaf, parse_leaf
from service.ledger.errors import NoteRefused, ProofRefused
from service.ledger.merkle import Frontier, Tree, leaf_hash
from service.ledger.note import Checkpoint, Verifier, open_checkpoint
from service.ledger.quorum import NOBODY, Quorum
from service.ledger.tiles import WIDTH, covering, split_bundle, split_hashes

MOST_FINDINGS = 1000
Progress = Callable[[int, int], None]


class Reader(Protocol):
    """What a monitor reads a log with."""

    def checkpoint(self) -> bytes:
        """The signed head."""

    def tile(self, path: str) -> bytes:
        """A tile or bundle."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a log. A fault is what an honest log cannot show; what is none is told all the same.

    ``evidence``: the signed notes that contradict each other.
    """

    code: str
    message: str
    fault: bool = True
    entries: tuple[int, ...] = ()
    evidence: tuple[str, ...] = ()


@dataclass(slots=True)
class Report:
    """What one look at a log has shown."""

    origin: str
    size: int
    root: str
    read: int
    kinds: dict[str, int]
    findings: list[Finding] = field(default_factory=list)
    witnesses: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether there is no fault."""
        return not any(f.fault for f in self.findings)

    def to_json(self) -> dict[str, Any]:
        """The report as JSON."""
        found = [{name: value for name, value in asdict(f).items() if value != ()} for f in self.findings]
        members = {n: getattr(self, n) for n in ("origin", "size", "root", "read", "kinds", "witnesses")}
        return {**members, "sound": self.sound, "findings": found}


class Monitor:
    """Follows one log. ``state``: what was seen before; ``quorum``: how many of which witnesses each head must have.

    Raises ``StateRefused`` for a state that is not about this log.
    """

    def __init__(self, log: Verifier, state: AuditState | None = None, quorum: Quorum = NOBODY) -> None:
        self._log = log
        self._quorum = quorum
        self._state = state or AuditState()
        self._known: Checkpoint | None = None
        if self._state.note:
            self._known = self._kept()

    @property
    def seen(self) -> bytes:
        """The note of the last head that was found sound; empty before the first look."""
        return self._state.note

    def look(self, reader: Reader, progress: Progress = lambda done, of: None) -> Report:
        """Read what is new, check it, and remember its head if it is sound; otherwise nothing of it.

        Raises ``NoteRefused`` for a head that the log's key has not signed, ``ProofRefused`` for malformed bundles.
        """
        try:
            note, head, report = self._looked(reader, progress)
        except BaseException:
            self._state.undo()
            raise
        if not report.sound:
            self._state.undo()
        elif note != self.seen:
            self._state.save(self._log.vkey, note)
            self._known = head
        return report

    def _looked(self, reader: Reader, progress: Progress) -> tuple[bytes, Checkpoint, Report]:
        note, tree = reader.checkpoint(), self._state.frontier
        head, signed = self._opened(note)
        before = tree.size
        report = Report(head.origin, head.size, head.root.hex(), 0, {})
        self._cosigned(note, signed, report)
        if head.size < before:
            message, evidence = f"the log has {head.size} entries and had {before} before", self._evidence(note)
            report.findings.append(Finding("rolled-back", message, evidence=evidence))
            return note, head, report
        for leaf in _entries(reader, before, head.size):
            self._take(leaf, report.findings)
            if tree.size % WIDTH == 0 or tree.size == head.size:
                progress(tree.size - before, head.size - before)
        report.read, report.kinds = tree.size - before, dict(sorted(self._state.kinds.items()))
        if tree.root() != head.root:
            report.findings.append(self._differs(reader, head, note))
        return note, head, report

    def _opened(self, note: bytes) -> tuple[Checkpoint, tuple[Verifier, ...]]:
        head, signed = open_checkpoint(note, [self._log, *self._quorum.witnesses])
        if head.origin != self._log.name:
            raise NoteRefused("the checkpoint is another log's")
        return head, signed

    def _kept(self) -> Checkpoint:
        """The head in the state: signed by this log, and that of the tree whose edge was kept with it."""
        try:
            known, _ = self._opened(self._state.note)
        except NoteRefused as error:
            raise StateRefused(f"the state of the audit is about another ledger, or was changed: {error}") from error
        tree = self._state.frontier
        if (tree.size, tree.root()) != (known.size, known.root):
            raise StateRefused("the state of the audit was changed: its tree is not that of the head in it")
        return known

    def _cosigned(self, note: bytes, signed: tuple[Verifier, ...], report: Report) -> None:
        try:
            report.witnesses = [v.name for v in self._quorum.met_by(signed)]
        except NoteRefused as error:
            report.findings.append(Finding("witnesses-missing", str(error), evidence=(note.decode(),)))

    def _evidence(self, note: bytes) -> tuple[str, ...]:
        return (self.seen.decode(), note.decode())

    def _differs(self, reader: Reader, head: Checkpoint, note: bytes) -> Finding:
        """Whether the log has signed two histories, or serves entries that it has not signed: all are read again."""
        known, tree, before = self._known, Frontier(), b""
        if known and known.size <= head.size:
            for entry in _entries(reader, 0, head.size):
                before = tree.root() if tree.size == known.size else before
                tree.append(leaf_hash(entry))
            before = tree.root() if head.size == known.size else before
            if tree.root() == head.root and before != known.root:
                message = f"the log has signed another history of its first {known.size} entries: it has forked"
                return Finding("forked", message, evidence=self._evidence(note))
        message = "the entries that the log serves do not lead to the root that it has signed"
        return Finding("root-differs", message, evidence=(note.decode(),))

    def _take(self, entry: bytes, findings: list[Finding]) -> None:
        index = self._state.frontier.size
        self._state.frontier.append(leaf_hash(entry))
        try:
            leaf = parse_leaf(entry)
        except ProofRefused as error:
            self._tell(findings, Finding("entry-malformed", str(error), entries=(index,)))
            return
        self._state.kinds[leaf.kind] += 1
        if found := self._again(index, leaf):
            self._tell(findings, found)

    def _again(self, index: int, leaf: Leaf) -> Finding | None:
        """A document that is logged twice, or an issuer's id of a statement that is used twice."""
        if first := self._state.recall("document", leaf.document):
            code = "rejected-then-accepted" if leaf.accepted and not first[1] else "document-twice"
            return Finding(code, f"document {leaf.document} has two entries", entries=(first[0], index))
        self._state.keep("document", leaf.document, index, leaf.accepted)
        if not leaf.statement:
            return None
        first = self._state.recall("statement", leaf.statement)
        if first is None or (leaf.accepted and not first[1]):  # an id that was only ever refused may be used again
            self._state.keep("statement", leaf.statement, index, leaf.accepted)
            return None
        if not first[1]:
            return None
        said = "accepted" if leaf.accepted else "and refused"
        message = f"an issuer's id was used for other bytes, {said} (commitment {leaf.statement[:16]}...)"
        return Finding("id-reused", message, leaf.accepted, (first[0], index))

    def _tell(self, findings: list[Finding], found: Finding) -> None:
        if len(findings) < MOST_FINDINGS:
            findings.append(found)


def _entries(reader: Reader, first: int, size: int) -> Iterator[bytes]:
    """The entries first..size-1 as the log serves them."""
    for tile in covering(first, size) if first < size else ():
        yield from split_bundle(reader.tile(tile.path), tile.width)[max(first - tile.first, 0) :]


def read_tree(reader: Reader, size: int) -> Tree:
    """The tree of a log from its hash tiles, which are not believed: its root must be compared with a signed one."""
    tree = Tree()
    for tile in covering(0, size):
        path = tile.path.replace("entries", "0", 1)
        tree.append(split_hashes(reader.tile(path), tile.width))
    return tree
