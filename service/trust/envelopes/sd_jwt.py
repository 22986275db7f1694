"""A statement as SD-JWT with key binding (RFC 9901): signed whole, handed in with some inputs left undisclosed.

What stays hidden must never look like nothing. Only inputs and attachments may stay hidden. A process with hidden
inputs is marked as not complete, with their number, so that its figure is its known part or unknown.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from service.trust import envelope, headers
from service.trust.checks import Refusal
from service.trust.disclosures import MOST_DISCLOSURES, Disclosed, Revealed, disclose, reveal
from service.trust.envelope import encode_base64url
from service.trust.envelopes.base import OpenContext, Opened, Reading, Steps, parsed
from service.trust.envelopes.jws import open_compact, registered
from service.trust.headers import HeaderRule
from service.trust.keys import KeyRefused, PublicKey, parse_jwk
from service.trust.limits import Limits

SD_JWT_TYPE: Final = "greenchain-statement+sd-jwt"
KEY_BINDING_TYPE: Final = "kb+jwt"
# How long before it is handed in a key binding may have been made (RFC 9901 7.3: of a time that the verifier chooses).
BINDING_SECONDS: Final = 600
_RULE: Final = HeaderRule(SD_JWT_TYPE)
_FINDERS: Final = {"kid": registered}
_BINDING_BYTES: Final = 4096
_BINDING_CLAIMS: Final = {"iat", "aud", "nonce", "sd_hash"}
_NONCE_LENGTH: Final = 200
# Where something may stay hidden: elements of these lists, and whatever is inside such an element.
_WHOLE: Final = re.compile(r"/facts/([0-9]+)/(inputs|attachments)/[0-9]+")
_MAY_HIDE: Final = re.compile(rf"({_WHOLE.pattern})(/.*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Parts:
    """RFC 9901 4: the issuer's JWT, the disclosures, and the holder's JWT over what comes before it."""

    jwt: bytes
    disclosures: list[bytes]
    presented: bytes
    binding: bytes


class SdJwt:
    """Statements as SD-JWT+KB."""

    def open(self, content: bytes, sender: str, context: OpenContext, steps: Steps) -> Opened:
        """The issuer's payload; what is disclosed of it, and the holder's binding, are read after its signature holds.

        Signed with a registered key (kid), in the name of that key's organization.
        """
        parts = _split(content, context.limits)
        payload, signer = open_compact(parts.jwt, _RULE, _FINDERS, context, steps)

        def read(value: object) -> Reading:
            return _read(value, parts, context)

        return Opened(signer.organization, payload, read=read)


def reveals(document: bytes, disclosure: bytes, limits: Limits) -> Revealed:
    """What a disclosure that was kept back shows of a document that was handed in: its place, name and value.

    The document is one whose signature was verified when it came in; the digests in it make the disclosure its issuer's
    word. A disclosure that was in it already is answered, too. Raises ``Refusal`` where it does not belong there.
    """
    parts = _split(document, limits)
    payload = parsed(envelope.split(parts.jwt, limits).payload, limits)
    if not isinstance(payload, dict):
        raise Refusal("disclosure", "content is not a JSON object")
    return reveal(payload, parts.disclosures, disclosure)


def _split(content: bytes, limits: Limits) -> _Parts:
    """RFC 9901 4, 7.3 (1): parts joined by tildes, the last one the key binding."""
    presented, tilde, binding = content.rpartition(b"~")
    if not tilde:
        raise Refusal("envelope", "is not a JWT and disclosures, each followed by a tilde")
    if presented.count(b"~") > MOST_DISCLOSURES:
        raise Refusal("envelope", f"holds more than {MOST_DISCLOSURES} disclosures")
    jwt, *disclosures = presented.split(b"~")
    if sum(map(len, disclosures)) > limits.payload_bytes:
        raise Refusal("envelope", f"disclosures are larger than {limits.payload_bytes} bytes")
    return _Parts(jwt, disclosures, presented + b"~", binding)


def _read(value: object, parts: _Parts, context: OpenContext) -> Reading:
    if not isinstance(value, dict):
        raise Refusal("disclosure", "content is not a JSON object")
    disclosed = disclose(value, parts.disclosures, _WHOLE)
    _check_hidden(disclosed)
    holder = _holder(disclosed.value.pop("cnf", None))
    _check_binding(parts, holder, context)
    places = _hidden_elements(disclosed)
    return Reading(_incomplete(disclosed.value, places), disclosure=_told(places))


def _check_hidden(disclosed: Disclosed) -> None:
    for place in disclosed.hidden:
        if not _MAY_HIDE.fullmatch(place):
            raise Refusal("disclosure", f"{place or '/'} hides something: only inputs and attachments may stay hidden")


def _hidden_elements(disclosed: Disclosed) -> list[str]:
    """The elements in which anything is hidden, by the place they have among all elements; each once."""
    found = [m for place in disclosed.hidden if (m := _MAY_HIDE.fullmatch(place))]
    return sorted({m[1] for m in found}, key=lambda place: (len(place), place))


def _told(places: list[str]) -> str:
    if not places:
        return "nothing is hidden"
    more = f" and {len(places) - 5} more" if len(places) > 5 else ""
    return f"hidden: {', '.join(places[:5])}{more}; a process with a hidden input counts as not complete"


def _incomplete(statement: dict[str, Any], places: list[str]) -> dict[str, Any]:
    """Mark each fact that hides an input as not complete; only processes have inputs, says the schema."""
    facts = statement["facts"] if places else []
    if not isinstance(facts, list):
        # An object with a member named 0 has the same pointers as a list.
        raise Refusal("disclosure", "/facts is not a list")
    named = [m for place in places if (m := _WHOLE.fullmatch(place))]
    for position, hidden in Counter(int(m[1]) for m in named if m[2] == "inputs").items():
        said = facts[position].get("inputs_undisclosed", 0)
        facts[position]["inputs_complete"] = False
        facts[position]["inputs_undisclosed"] = hidden + said if type(said) is int and said > 0 else said or hidden
    return statement


def _holder(cnf: object) -> PublicKey:
    """RFC 9901 4.1.2, RFC 7800 3.2: the key of whoever may hand the document in."""
    if not isinstance(cnf, dict) or cnf.keys() != {"jwk"}:
        raise Refusal("disclosure", "cnf must hold the holder's public key (jwk) and nothing else")
    try:
        return parse_jwk(cnf["jwk"])
    except KeyRefused as error:
        raise Refusal("disclosure", f"cnf: {error}") from error


def _check_binding(parts: _Parts, holder: PublicKey, context: OpenContext) -> None:
    """RFC 9901 7.3: the holder shows just this, to just this service, just now.

    The nonce need not be ours: the same bytes have one effect however often they come, and other bytes of the same
    issuer and id are refused (check ``replay``).
    """
    if not parts.binding:
        raise Refusal("disclosure", "there is no key binding (KB-JWT) behind the last tilde")
    if len(parts.binding) > _BINDING_BYTES:
        raise Refusal("disclosure", f"the key binding is larger than {_BINDING_BYTES} bytes")
    try:
        claims = _binding_claims(parts.binding, holder, context.limits)
    except Refusal as refusal:
        raise Refusal("disclosure", f"the key binding is refused: {refusal}") from refusal
    expected = encode_base64url(hashlib.sha256(parts.presented).digest()).decode()
    _check_binding_claims(claims, expected, context)


def _binding_claims(binding: bytes, holder: PublicKey, limits: Limits) -> Mapping[str, Any]:
    jws = envelope.split(binding, limits)
    header = headers.check(jws.header, HeaderRule(KEY_BINDING_TYPE, names_key=()))
    if header.key_alg != holder.alg:
        raise Refusal("key", f"the holder's key is for {holder.alg}, the header says {header.alg}")
    if not holder.verifies(jws.signing_input, jws.signature):
        raise Refusal("signature", "it is not made with the key in cnf")
    claims = parsed(jws.payload, limits)
    if not isinstance(claims, dict) or claims.keys() != _BINDING_CLAIMS:
        raise Refusal("claims", f"it must have the members {', '.join(sorted(_BINDING_CLAIMS))}")
    return claims


def _check_binding_claims(claims: Mapping[str, Any], sd_hash: str, context: OpenContext) -> None:
    """RFC 9901 4.3: aud is this service, iat is fresh, sd_hash is over just what is handed in."""
    if claims["sd_hash"] != sd_hash:
        raise Refusal("disclosure", "the key binding is for other disclosures (sd_hash)")
    if not context.audience or claims["aud"] != context.audience:
        raise Refusal("disclosure", f"the key binding is for another service: aud must be {context.audience}")
    issued = claims["iat"]
    if type(issued) is not int or not -BINDING_SECONDS <= issued - context.at <= context.limits.clock_leeway:
        raise Refusal("disclosure", f"the key binding was not made within the last {BINDING_SECONDS} seconds (iat)")
    nonce = claims["nonce"]
    if not isinstance(nonce, str) or not 1 <= len(nonce) <= _NONCE_LENGTH:
        raise Refusal("disclosure", f"the nonce of the key binding must be a string of 1 to {_NONCE_LENGTH} characters")
