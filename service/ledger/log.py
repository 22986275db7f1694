"""This service's log: the tree over the graph's entries, its signed heads, tiles and proofs, for one process.

Never two signed heads that disagree: only entries read back from committed transactions are signed for; every new head
is checked to continue the last one, which is kept outside the graph and on disk before it is given out; signing is
under a lock that all processes of the machine share.
"""

import threading
from collections.abc import Sequence
from pathlib import Path

from graph.store.database import Database
from graph.store.ledger import LedgerIncomplete, index_of, leaves_at, ledger_size, read_hashes, read_leaves
from service.ledger import tiles
from service.ledger.errors import EntryUnknown, LedgerForked, NoteRefused
from service.ledger.files import HeadFile
from service.ledger.merkle import Tree
from service.ledger.note import Checkpoint, Signed, Signer, Verifier, open_checkpoint, sign_checkpoint
from service.ledger.proof import LogProof
from service.ledger.tiles import Tile
from service.ledger.witnessed import WitnessedFile

HEAD_FILE = "head.note"


class Log:
    """Signs and proves. ``folder`` is the ledger's folder in the data folder; ``witnesses``: who may cosign its heads.

    Methods raise ``EngineError``.
    """

    def __init__(self, database: Database, folder: Path, signer: Signer, witnesses: Sequence[Verifier] = ()) -> None:
        self._database = database
        self.witnessed = WitnessedFile(folder, signer.verifier, witnesses)
        self._head = HeadFile(folder / HEAD_FILE)
        self._signer = signer
        self._tree = Tree()
        self._lock = threading.Lock()

    @property
    def vkey(self) -> str:
        """The key that checks this log's notes."""
        return self._signer.verifier.vkey

    def shown(self, at_least: int = 0) -> Signed:
        """The head to show: the one with cosignatures if it has so many entries, otherwise the newest.

        Witnesses take seconds, and entries come meanwhile: the newest head alone would never have a cosignature.
        """
        kept = self.witnessed.fresh()
        return kept.signed if kept and kept.signed.head.size >= at_least else self.checkpoint()

    def checkpoint(self) -> Signed:
        """The head of all that is committed now, signed. Raises ``LedgerForked`` where the graph was set back."""
        with self._head.turn():
            last = self._last()
            tree, size = self._grown()
            self._check(last, tree, size)
            if last is not None and last.head.size == size:
                return last
            head = Checkpoint(self._signer.name, size, tree.root(size))
            note = sign_checkpoint(head, self._signer).encode()
            self._head.write(note)
            return Signed(head, note)

    def check(self) -> int:
        """The size of the ledger, once it is sure that it continues the last signed head. Raises ``LedgerForked``."""
        with self._head.turn():
            last = self._last()
            tree, size = self._grown()
            self._check(last, tree, size)
            kept = self.witnessed.read()
            self._check(kept.signed if kept else None, tree, size)
            return size

    def tile(self, tile: Tile) -> bytes:
        """The bytes of a tile or entry bundle of the signed tree. Raises ``EntryUnknown``."""
        last = self._last()
        if last is None or not tiles.in_tree(tile, last.head.size):
            raise EntryUnknown("the signed ledger has no such tile")
        if tile.level is None:
            return tiles.bundle(read_leaves(self._database, tile.first, tile.first + tile.width))
        return tiles.hashes(self._grown(last.head.size)[0], tile)

    def proof(self, document: str) -> bytes:
        """The proof, under the head that is shown, that a document's entry is in the log. Raises ``EntryUnknown``."""
        index = self._database.read(index_of, document)
        if index is None:
            raise EntryUnknown("the ledger has no entry of this document")
        return self.proof_at(index, self.shown(index + 1)).write()

    def proof_at(self, index: int, signed: Signed) -> LogProof:
        """The proof of one entry under a head of this log."""
        tree, _ = self._grown(signed.head.size)
        [leaf] = read_leaves(self._database, index, index + 1)
        return LogProof(index, tuple(tree.inclusion(index, signed.head.size)), signed.note, leaf)

    def proofs_at(self, indexes: list[int], signed: Signed) -> list[LogProof]:
        """The proofs of several entries under one head of this log, in the order asked for."""
        size = signed.head.size
        tree, _ = self._grown(size)
        leaves = self._database.read(leaves_at, indexes)
        return [LogProof(i, tuple(tree.inclusion(i, size)), signed.note, leaves[i]) for i in indexes]

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the tree of ``new`` entries continues that of ``old``."""
        return self._grown(new)[0].consistency(old, new)

    def _last(self) -> Signed | None:
        """The head signed last, by whichever process. Raises ``LedgerForked`` for a file that is no such head."""
        note = self._head.read()
        if not note:
            return None
        try:
            head, _ = open_checkpoint(note, [self._signer.verifier])
        except NoteRefused as error:
            raise LedgerForked(f"the file of the last signed head is not this log's: {error}") from error
        return Signed(head, note)

    def _check(self, last: Signed | None, tree: Tree, size: int) -> None:
        if last is None:
            return
        if size < last.head.size:
            raise LedgerForked(
                f"the graph holds {size} ledger entries, but a head of {last.head.size} was signed: this is an older "
                "backup of the graph, and going on from it would fork the log; restore a newer one"
            )
        if tree.root(last.head.size) != last.head.root:
            raise LedgerForked(
                f"the first {last.head.size} ledger entries are not those that were signed for: the graph was set back "
                "to an older backup or changed, and going on from it would fork the log"
            )

    def _grown(self, at_least: int | None = None) -> tuple[Tree, int]:
        """The tree with every entry that is committed now, or with at least so many where that is enough; and its size.

        Another thread may let the tree grow further: what it was at that size stays readable meanwhile.
        """
        with self._lock:
            if at_least is None or self._tree.size < at_least:
                self._catch_up()
            return self._tree, self._tree.size

    def _catch_up(self) -> None:
        """Read what is new; the last entry that is known is read again, which shows a graph exchanged underneath."""
        known, size = self._tree.size, self._database.read(ledger_size)
        if size == known:
            return
        if size < known:
            raise LedgerForked(f"the graph holds {size} ledger entries, but had {known} before: it was set back")
        again = max(known - 1, 0)
        try:
            found = read_hashes(self._database, again, size)
        except LedgerIncomplete as error:
            raise LedgerForked(str(error)) from error
        if known and found[0] != self._tree.hashes(0, again, 1):
            raise LedgerForked(f"ledger entry {again} is not what it was: the graph was exchanged")
        self._tree.append(found[known - again :])
