"""A statement as compact JWS (RFC 7515): by a registered key (kid), or by a key with a certificate chain (x5c)."""

from collections.abc import Callable, Mapping
from typing import Final

from service.trust import envelope, headers
from service.trust.checks import Refusal
from service.trust.envelopes.base import OpenContext, Opened, Steps
from service.trust.envelopes.signer import Signer
from service.trust.envelopes.x5c import by_chain
from service.trust.headers import STATEMENT_TYPE, Header, HeaderRule


def registered(header: Header, context: OpenContext) -> Signer:
    """The key that ``kid`` names among the registered ones: opaque, only ever compared (RFC 7515 4.1.4)."""
    known = context.keys.get(header.kid)
    if known is None:
        raise Refusal("key", "no key of that name (kid) is registered")
    return Signer(known.organization, known.key)


# Who signed, by the header member that says so.
FINDERS: Final[Mapping[str, Callable[[Header, OpenContext], Signer]]] = {"kid": registered, "x5c": by_chain}
_RULE: Final = HeaderRule(STATEMENT_TYPE, names_key=tuple(FINDERS))


class CompactJws:
    """Statements as compact JWS."""

    def open(self, content: bytes, sender: str, context: OpenContext, steps: Steps) -> Opened:
        """RFC 7515 5.2: the payload, in the name of the organization whose key signed, whoever brings it."""
        payload, signer = open_compact(content, _RULE, FINDERS, context, steps)
        return Opened(
            signer.organization, payload, vouched=signer.vouched, key_state=signer.state, rests_on=signer.rests_on
        )


def open_compact(
    content: bytes,
    rule: HeaderRule,
    finders: Mapping[str, Callable[[Header, OpenContext], Signer]],
    context: OpenContext,
    steps: Steps,
) -> tuple[bytes, Signer]:
    """Checks envelope to signature of any compact JWS: its payload and who signed it. Raises ``Refusal``."""
    jws = envelope.split(content, context.limits)
    steps.passed("envelope")
    header = headers.check(jws.header, rule)
    steps.passed("header")
    signer = finders[header.named_by](header, context)
    steps.found_key(signer.key, header.key_alg, header.alg)
    steps.verify(signer.key, jws.signing_input, jws.signature)
    return jws.payload, signer
