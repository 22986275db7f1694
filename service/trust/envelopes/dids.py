"""Who signed, where a DID names the key: did:key and did:web (W3C DID 1.0; Controlled Identifiers 1.0).

Nothing is fetched. A did:key holds its key; the document of a did:web comes in with the context, and one that is not
there is refused. A DID by itself is nobody: the organization is the one that registered the key, or that the DID was
bound to.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from schemas.errors import StrictJsonError
from schemas.moments import timestamp
from schemas.strict_json import parse
from service.trust.checks import Refusal
from service.trust.envelopes.base import OpenContext
from service.trust.envelopes.signer import Signer
from service.trust.headers import Header
from service.trust.keys import KeyRefused, PublicKey, parse_jwk
from service.trust.multikey import parse_multikey

DID_KEY: Final = "did:key:"
DID_WEB: Final = "did:web:"
_MOST_METHODS: Final = 100


@dataclass(frozen=True, slots=True)
class _Method:
    """A verification method: its id, who controls it, and its members."""

    id: object
    controller: object
    members: Mapping[str, Any]


def by_kid(header: Header, context: OpenContext) -> Signer:
    """VC-JOSE-COSE 1.0, 4.1.1: ``kid`` is the DID URL of a verification method of the issuer."""
    return signer_of(header.kid, context)


def signer_of(method: str, context: OpenContext) -> Signer:
    """Whoever a verification method's DID URL names. Raises ``Refusal`` of the check ``key``."""
    did, hash_sign, fragment = method.partition("#")
    if not hash_sign or not fragment:
        raise Refusal("key", "the key must be named by a DID URL: the issuer's DID, # and the name of the key")
    key = _key(did, fragment, method, context)
    known = context.keys.get(key.thumbprint)
    bound = context.identities.get(did)
    if known is not None and bound not in (None, known.organization):
        raise Refusal("key", f"the key is registered for another organization than {did[:200]} is bound to")
    if known is not None:
        return Signer(known.organization, key, name=did)
    if bound is None:
        raise Refusal("key", f"{did[:200]} speaks for no organization known here: register it, or its key")
    return Signer(bound, key, name=did, vouched=did)


def check_listed(did: str, content: bytes | None, key: PublicKey, at: float) -> None:
    """That the document of a did:web (None: not at hand) lists a key to assert with, then. Raises ``KeyRefused``."""
    if not did.startswith(DID_WEB):
        raise KeyRefused("only a did:web is bound: a did:key is the key itself")
    document = _document_of(did, content)
    for method in _assertion_methods(document, did):
        if method.controller == did and _is(method.members, key):
            _check_life(method.members, at)
            return
    raise KeyRefused("its document does not list this key for assertions (assertionMethod)")


def _is(members: Mapping[str, Any], key: PublicKey) -> bool:
    try:
        return _material(members).thumbprint == key.thumbprint
    except KeyRefused:  # another key of the document, in a form that is not taken here
        return False


def _key(did: str, fragment: str, method: str, context: OpenContext) -> PublicKey:
    try:
        if did.startswith(DID_KEY):
            return _did_key(did, fragment)
        if did.startswith(DID_WEB):
            return _did_web(did, method, context)
    except KeyRefused as error:
        raise Refusal("key", f"{method[:200]}: {error}") from error
    raise Refusal("key", "the key must be named by a did:key or a did:web")


def _did_key(did: str, fragment: str) -> PublicKey:
    """did:key method, 3.1: the fragment repeats the identifier."""
    identifier = did.removeprefix(DID_KEY)
    if fragment != identifier:
        raise KeyRefused("the part behind # must repeat the key")
    return parse_multikey(identifier)


def _did_web(did: str, method: str, context: OpenContext) -> PublicKey:
    document = _document_of(did, context.did_documents.get(did))
    found = [m for m in _assertion_methods(document, did) if m.id == method]
    if len(found) != 1:
        raise KeyRefused("its document does not list this key, once, for assertions (assertionMethod)")
    if found[0].controller != did:
        raise KeyRefused("the key is controlled by somebody else")
    _check_life(found[0].members, context.at)
    return _material(found[0].members)


def _document_of(did: str, content: bytes | None) -> Mapping[str, Any]:
    if content is None:
        raise KeyRefused("the document of this DID is not at hand")
    document = _document(content)
    if document.get("id") != did:
        raise KeyRefused("the document found is that of another DID")
    return document


def _document(content: bytes) -> Mapping[str, Any]:
    try:
        document = parse(content, max_depth=16, max_items=10_000)
    except StrictJsonError as error:
        raise KeyRefused(f"its document {error}") from error
    if not isinstance(document, dict):
        raise KeyRefused("its document is not a JSON object")
    return document


def _assertion_methods(document: Mapping[str, Any], did: str) -> Iterator[_Method]:
    """Controlled Identifiers 1.0, 3.3: a key may assert where ``assertionMethod`` names or holds it, nowhere else.

    A method given twice under one id is given back twice, so that nobody can choose between them.
    """
    held = {n: _methods(document.get(n, []), did) for n in ("verificationMethod", "assertionMethod")}
    listed = {_absolute(m, did) for m in _items(document.get("assertionMethod", [])) if isinstance(m, str)}
    yield from (m for m in held["verificationMethod"] if isinstance(m.id, str) and m.id in listed)
    yield from held["assertionMethod"]


def _items(value: object) -> list[object]:
    if not isinstance(value, list) or len(value) > _MOST_METHODS:
        raise KeyRefused(f"its document must list at most {_MOST_METHODS} keys")
    return value


def _methods(value: object, did: str) -> list[_Method]:
    held = [m for m in _items(value) if isinstance(m, dict)]
    return [_Method(_absolute(m.get("id"), did), m.get("controller"), m) for m in held]


def _absolute(name: object, did: str) -> object:
    """DID 1.0, 3.2.2: a name that begins with # is relative to the document."""
    return did + name if isinstance(name, str) and name.startswith("#") else name


def _check_life(method: Mapping[str, Any], at: float) -> None:
    """Controlled Identifiers 1.0, 2.2: ``expires`` and ``revoked`` end a key's use."""
    for name in ("expires", "revoked"):
        if name in method:
            try:
                ended = timestamp(method[name])
            except ValueError as error:
                raise KeyRefused(f"its {name} {error}") from error
            if ended <= at:
                raise KeyRefused(f"the key was {name.replace('expires', 'expired')} before the document came in")


def _material(method: Mapping[str, Any]) -> PublicKey:
    """Controlled Identifiers 1.0, 2.2.2 and 2.2.3: one key in one form, and never a private one."""
    kind, jwk, multibase = method.get("type"), method.get("publicKeyJwk"), method.get("publicKeyMultibase")
    if kind == "JsonWebKey" and multibase is None:
        return parse_jwk(jwk)
    if kind == "Multikey" and jwk is None and isinstance(multibase, str):
        return parse_multikey(multibase)
    raise KeyRefused("the key must be a JsonWebKey with publicKeyJwk or a Multikey with publicKeyMultibase")
