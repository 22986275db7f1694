"""A stranger's monitor of a log: reads all of it, rebuilds the root, and tells what an honest log would not contain."""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from service.ledger.entry import Leaf, parse_leaf
from service.ledger.errors import NoteRefused, ProofRefused
from service.ledger.merkle import Tree, leaf_hash
from service.ledger.note import Checkpoint, Verifier, open_checkpoint
from service.ledger.quorum import NOBODY, Quorum
from service.ledger.tiles import covering, split_bundle, split_hashes

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
    """Follows one log. ``seen``: the note of the head that was seen last, empty at the first look.

    ``quorum``: how many of which witnesses must have cosigned each head.
    """

    def __init__(self, log: Verifier, seen: bytes = b"", quorum: Quorum = NOBODY) -> None:
        self._log = log
        self._quorum = quorum
        self.seen = seen
        self._tree = Tree()
        self._documents: dict[str, tuple[int, bool]] = {}
        self._statements: dict[str, tuple[int, bool]] = {}
        self._kinds: Counter[str] = Counter()

    def look(self, reader: Reader, progress: Progress = lambda done, of: None) -> Report:
        """Read what is new, check it, and remember its head if it continues the last one.

        Raises ``NoteRefused`` for a head that the log's key has not signed, ``ProofRefused`` for malformed bundles.
        """
        note = reader.checkpoint()
        head, signed = self._opened(note)
        before, known = self._tree.size, self._opened(self.seen)[0] if self.seen else None
        report = Report(head.origin, head.size, head.root.hex(), 0, {})
        self._cosigned(note, signed, report)
        if shrunk := self._shrunk(head, note, known, before):
            report.findings.append(shrunk)
            return report
        for tile in covering(before, head.size):
            entries = split_bundle(reader.tile(tile.path), tile.width)
            for entry in entries[max(self._tree.size - tile.first, 0) :]:
                self._take(entry, report.findings)
            progress(self._tree.size - before, head.size - before)
        report.read, report.kinds = self._tree.size - before, dict(sorted(self._kinds.items()))
        report.findings.extend(self._heads(head, note, known))
        if report.sound:
            self.seen = note
        return report

    def _opened(self, note: bytes) -> tuple[Checkpoint, tuple[Verifier, ...]]:
        head, signed = open_checkpoint(note, [self._log, *self._quorum.witnesses])
        if head.origin != self._log.name:
            raise NoteRefused("the checkpoint is another log's")
        return head, signed

    def _cosigned(self, note: bytes, signed: tuple[Verifier, ...], report: Report) -> None:
        try:
            report.witnesses = [v.name for v in self._quorum.met_by(signed)]
        except NoteRefused as error:
            report.findings.append(Finding("witnesses-missing", str(error), evidence=(note.decode(),)))

    def _shrunk(self, head: Checkpoint, note: bytes, known: Checkpoint | None, before: int) -> Finding | None:
        size = max(known.size if known else 0, before)
        if head.size >= size:
            return None
        evidence = (self.seen.decode(), note.decode())
        return Finding("rolled-back", f"the log has {head.size} entries and had {size} before", evidence=evidence)

    def _heads(self, head: Checkpoint, note: bytes, known: Checkpoint | None) -> list[Finding]:
        """Whether the entries are those of the new head, and continue those of the old one."""
        found = []
        if self._tree.root(head.size) != head.root:
            message = "the entries that the log serves do not lead to the root that it has signed"
            found.append(Finding("root-differs", message, evidence=(note.decode(),)))
        if known and self._tree.root(known.size) != known.root:
            message = f"the log has signed another history of its first {known.size} entries: it has forked"
            found.append(Finding("forked", message, evidence=(self.seen.decode(), note.decode())))
        return found

    def _take(self, entry: bytes, findings: list[Finding]) -> None:
        index = self._tree.size
        self._tree.append([leaf_hash(entry)])
        try:
            leaf = parse_leaf(entry)
        except ProofRefused as error:
            self._tell(findings, Finding("entry-malformed", str(error), entries=(index,)))
            return
        self._kinds[leaf.kind] += 1
        if found := self._again(index, leaf):
            self._tell(findings, found)

    def _again(self, index: int, leaf: Leaf) -> Finding | None:
        """A document that is logged twice, or an issuer's id of a statement that is used twice."""
        first, was = self._documents.setdefault(leaf.document, (index, leaf.accepted))
        if first != index:
            changed = leaf.accepted and not was
            code = "rejected-then-accepted" if changed else "document-twice"
            return Finding(code, f"document {leaf.document} has two entries", entries=(first, index))
        if not leaf.statement:
            return None
        first, was = self._statements.setdefault(leaf.statement, (index, leaf.accepted))
        if leaf.accepted and not was:
            self._statements[leaf.statement] = (index, True)
            return None  # an id that was only ever refused may be used again
        if first == index or not was:
            return None
        said = "accepted" if leaf.accepted else "and refused"
        message = f"an issuer's id was used for other bytes, {said} (commitment {leaf.statement[:16]}...)"
        return Finding("id-reused", message, leaf.accepted, (first, index))

    def _tell(self, findings: list[Finding], found: Finding) -> None:
        if len(findings) < MOST_FINDINGS:
            findings.append(found)


def read_tree(reader: Reader, size: int) -> Tree:
    """The tree of a log from its hash tiles, which are not believed: its root must be compared with a signed one."""
    tree = Tree()
    for tile in covering(0, size):
        path = tile.path.replace("entries", "0", 1)
        tree.append(split_hashes(reader.tile(path), tile.width))
    return tree
