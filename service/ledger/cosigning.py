"""Asks witnesses to cosign the heads of this log (C2SP tlog-witness), beside everything else that the service does.

One process of the machine asks, every few seconds; nobody waits for it. A witness that does not answer, or refuses, is
asked again later and less and less often; the head is then shown without it.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from connectors.errors import FetchError
from connectors.witnesses import WitnessAnswer
from service.ledger.errors import LedgerError, NoteRefused
from service.ledger.log import Log
from service.ledger.note import KeyType, Signed, Verifier, parse_signatures, parse_vkey
from service.ledger.witness import AddCheckpoint
from service.ledger.witnessed import Standing, Witnessed, WitnessedFile

EVERY_SECONDS = 5.0
MOST_WAIT_SECONDS = 300.0
MOST_WITNESSES = 16
_log = logging.getLogger("greenchain.witnesses")
# From a witness's address and the request to its answer; raises ``FetchError``.
Send = Callable[[str, bytes], WitnessAnswer]


@dataclass(frozen=True, slots=True)
class Cosigner:
    """A witness of this log: the key that its cosignatures are checked by, and its submission prefix."""

    key: Verifier
    url: str


def parse_cosigners(text: str) -> tuple[Cosigner, ...]:
    """Witnesses as a setting names them: key and address with a space between, separated by commas.

    Raises ``NoteRefused``.
    """
    pairs = [pair.split() for pair in text.split(",") if pair.strip()]
    found = tuple(Cosigner(parse_vkey(vkey), url) for vkey, url in pairs)
    if any(each.key.type is not KeyType.COSIGNATURE for each in found):
        raise NoteRefused("the key of a witness is of the type of cosignatures (4)")
    if len(found) > MOST_WITNESSES or len({each.key.public for each in found}) != len(found):
        raise NoteRefused(f"a ledger has at most {MOST_WITNESSES} witnesses, each with a key of its own")
    return found


class Cosigning:
    """Lays new heads before the witnesses and keeps what they cosign. ``clock``: seconds since the epoch."""

    def __init__(
        self,
        log: Log,
        file: WitnessedFile,
        cosigners: Sequence[Cosigner],
        send: Send,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._ledger = log
        self._file = file
        self._cosigners = cosigners
        self._send = send
        self._clock = clock

    def start(self) -> None:
        """Ask for as long as the process lives, if there is anybody to ask and no other process does."""
        if self._cosigners:
            threading.Thread(target=self._keep_asking, name="witnesses", daemon=True).start()

    def _keep_asking(self) -> None:
        with self._file.turn():  # the next process takes over when this one ends
            while True:
                try:
                    self.round()
                except Exception as error:  # noqa: BLE001  whatever it is, the service goes on
                    _log.warning("the witnesses could not be asked: %s", error)
                time.sleep(EVERY_SECONDS)

    def round(self) -> Witnessed | None:
        """Lay the newest head before every witness that has not cosigned it yet; None while the ledger is empty.

        Raises ``LedgerForked``, ``EngineError``.
        """
        signed, kept, now = self._ledger.checkpoint(), self._file.read(), self._clock()
        if not signed.head.size:
            return None
        same = kept is not None and kept.signed.head == signed.head
        before = kept.standings if kept else {}
        standings = {c.key.vkey: before.get(c.key.vkey, Standing()) for c in self._cosigners}
        found = kept if kept is not None and same else Witnessed(signed)
        asked = [c for c in self._cosigners if c.key not in found.by and standings[c.key.vkey].again <= now]
        if same and not asked:
            self._file.touch()
            return kept
        lines = self._ask_all(asked, signed, standings, now)
        note, by = found.signed.note + "".join(lines.values()).encode(), (*found.by, *lines)
        made = Witnessed(Signed(signed.head, note), by, standings)
        self._file.write(made)
        return made

    def _ask_all(
        self, asked: Sequence[Cosigner], signed: Signed, standings: dict[str, Standing], now: float
    ) -> dict[Verifier, str]:
        """Cosignature lines by witness; ``standings`` are brought up to date."""
        lines: dict[Verifier, str] = {}
        with ThreadPoolExecutor(max_workers=max(1, len(asked))) as pool:
            told = pool.map(lambda c: self._ask(c, signed, standings[c.key.vkey], now), asked)
            for cosigner, (line, standing) in zip(asked, told, strict=True):
                standings[cosigner.key.vkey] = standing
                if line:
                    lines[cosigner.key] = line
        return lines

    def _ask(self, cosigner: Cosigner, signed: Signed, was: Standing, now: float) -> tuple[str, Standing]:
        try:
            line = self._cosignature(cosigner, signed, min(was.size, signed.head.size))
        except (FetchError, LedgerError) as error:
            if str(error) != was.failed:
                _log.warning("no cosignature of the witness %s: %s", cosigner.key.name, error)
            wait = min(EVERY_SECONDS * 2**was.failures, MOST_WAIT_SECONDS)
            failures = min(was.failures + 1, 16)
            return "", replace(was, failed=str(error), failures=failures, since=was.since or now, again=now + wait)
        if was.failed:
            _log.info("the witness %s cosigns again", cosigner.key.name)
        return line, Standing(signed.head.size, now)

    def _cosignature(self, cosigner: Cosigner, signed: Signed, old: int) -> str:
        """The witness's line for a head; where it has cosigned another size (409), from that one on."""
        answer = self._sent(cosigner, signed, old)
        if answer.size is not None and answer.size != old:
            answer = self._sent(cosigner, signed, answer.size)
        if answer.size is not None:
            raise NoteRefused(
                f"it has cosigned another head of {answer.size} entries, which this one does not continue"
            )
        return _own_line(answer.lines, cosigner.key, signed)

    def _sent(self, cosigner: Cosigner, signed: Signed, old: int) -> WitnessAnswer:
        size = signed.head.size
        if old > size:
            raise NoteRefused(f"it has cosigned {old} entries, and the ledger has {size}: was the graph set back?")
        proof = tuple(self._ledger.consistency(old, size))
        return self._send(cosigner.url, AddCheckpoint(old, proof, signed.note).body)


def _own_line(lines: bytes, key: Verifier, signed: Signed) -> str:
    """The witness's cosignature among the lines that it sent, verified; what other keys say there is left out."""
    try:
        text = lines.decode()
    except UnicodeDecodeError as error:
        raise NoteRefused("its answer is not UTF-8") from error
    for signature, line in zip(parse_signatures(text), text.split("\n"), strict=False):
        if (signature.name, signature.id) == (key.name, key.id):
            if not key.verifies(signed.head.text, signature.value):
                raise NoteRefused("its cosignature does not hold")
            return f"{line}\n"
    raise NoteRefused("its answer has no cosignature by its key")
