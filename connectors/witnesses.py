"""Witnesses of the ledger, as they are asked to cosign (C2SP tlog-witness); what they answer is verified elsewhere."""

import re
from dataclasses import dataclass

from connectors.errors import Refused
from connectors.guarded import GuardedSession

SIZE_TYPE = "text/x.tlog.size"
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n")


@dataclass(frozen=True, slots=True)
class WitnessAnswer:
    """What a witness answers: signature lines, or (409) how many entries it has cosigned before, ``size``."""

    lines: bytes = b""
    size: int | None = None


def add_checkpoint(session: GuardedSession, url: str, request: bytes) -> WitnessAnswer:
    """Ask the witness at an address to cosign (tlog-witness, "add-checkpoint").

    ``url``: its submission prefix. Raises ``Refused`` for any other answer, and what the session raises.
    """
    answer = session.send(f"{url.rstrip('/')}/add-checkpoint", request, "text/plain; charset=utf-8")
    if answer.status == 200:
        return WitnessAnswer(lines=answer.content)
    size = _SIZE.fullmatch(answer.content)
    if answer.status == 409 and answer.media_type == SIZE_TYPE and size:
        return WitnessAnswer(size=int(size[1]))
    raise Refused(f"the witness does not cosign (status {answer.status})")
