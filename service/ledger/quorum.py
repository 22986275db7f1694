"""How many of which witnesses must have cosigned a head before somebody relies on it. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.ledger.errors import NoteRefused
from service.ledger.note import KeyType, Verifier, parse_vkey


@dataclass(frozen=True, slots=True)
class Quorum:
    """``needed`` of these witnesses; nobody is asked for where there are none."""

    witnesses: tuple[Verifier, ...] = ()
    needed: int = 0

    def met_by(self, signed: Iterable[Verifier]) -> tuple[Verifier, ...]:
        """Those of the witnesses whose cosignatures hold (``open_checkpoint``). Raises ``NoteRefused`` for too few."""
        found = tuple(v for v in signed if v in self.witnesses)
        if len(found) < self.needed:
            raise NoteRefused(
                f"{len(found)} of {len(self.witnesses)} witnesses have cosigned the head, and {self.needed} are needed"
            )
        return found


NOBODY = Quorum()


def parse_quorum(vkeys: Sequence[str], needed: int | None = None) -> Quorum:
    """The quorum of witnesses' verifier keys, all of them where no number is given.

    Raises ``NoteRefused`` for a key that is none of a witness, one given twice, and a number that cannot be met.
    """
    keys = tuple(parse_vkey(vkey) for vkey in vkeys)
    if any(key.type is not KeyType.COSIGNATURE for key in keys):
        raise NoteRefused("the key of a witness is of the type of cosignatures (4), not that of a log")
    if len({key.public for key in keys}) != len(keys):
        raise NoteRefused("one witness is named twice: it would count twice")
    needed = len(keys) if needed is None else needed
    if not min(1, len(keys)) <= needed <= len(keys):
        raise NoteRefused(f"of {len(keys)} witnesses, {needed} cannot be asked for")
    return Quorum(keys, needed)
