"""Faults of SD-JWTs: what is disclosed, what is hidden, and who hands it in."""

import hashlib
from collections.abc import Iterator
from typing import Any

from tests.vectors.kit import (
    AT,
    AUDIENCE,
    CLAIMS,
    ED,
    ES,
    RIVAL,
    STATEMENT,
    STRANGER,
    Signer,
    Vector,
    b64,
    compact,
    jws,
)

SD_JWT = "application/sd-jwt"
TYPE = "greenchain-statement+sd-jwt"
HOLDER = Signer("ES256", b"mill's holder")


def disclosure(*parts: Any, salt: str = "salt") -> bytes:
    return b64(compact([salt, *parts]))


def digest(encoded: bytes) -> str:
    return b64(hashlib.sha256(encoded).digest()).decode()


def element(encoded: bytes) -> dict[str, str]:
    """What stands in a list for a disclosure."""
    return {"...": digest(encoded)}


LOT = {"lot": {"issuer": "urn:mine", "id": "ore-1"}, "quantity": {"value": "2", "unit": "t"}}
INPUT = disclosure(LOT, salt="input")
SECOND = disclosure({**LOT, "lot": {"issuer": "urn:mine", "id": "ore-2"}}, salt="second")
PAPER = disclosure({"sha256": "ab" * 32}, salt="paper")
DECOY = disclosure("decoy", salt="decoy")


def process(*inputs: Any, **changes: Any) -> dict[str, Any]:
    return {"kind": "process", "id": "melt", "inputs_complete": True, "inputs": list(inputs), **changes}


def payload(**changes: Any) -> dict[str, Any]:
    facts = [process(element(INPUT), element(SECOND))]
    members = {**CLAIMS, "_sd_alg": "sha-256", "cnf": {"jwk": HOLDER.jwk}, "facts": facts, **changes}
    return {name: value for name, value in members.items() if value is not ...}


def binding(presented: bytes, signer: Signer = HOLDER, head: dict[str, Any] | None = None, **changes: Any) -> bytes:
    sd_hash = b64(hashlib.sha256(presented).digest()).decode()
    members = {"iat": AT - 5, "aud": AUDIENCE, "nonce": "n-1", "sd_hash": sd_hash, **changes}
    content = compact({name: value for name, value in members.items() if value is not ...})
    protected = {"alg": signer.alg, "typ": "kb+jwt", **(head or {})}
    return jws(compact(protected), content, signer)


def sd_jwt(
    content: Any = None,
    given: tuple[bytes, ...] = (),
    bound: bytes | None = None,
    signer: Signer = ED,
    head: dict[str, Any] | None = None,
    kb: dict[str, Any] | None = None,
    **changes: Any,
) -> bytes:
    protected = {"alg": signer.alg, "kid": signer.kid, "typ": TYPE, **(head or {})}
    protected = {name: value for name, value in protected.items() if value is not ...}
    body = content if isinstance(content, bytes) else compact(payload(**changes) if content is None else content)
    presented = b"~".join([jws(compact(protected), body, signer), *given, b""])
    return presented + (binding(presented, **(kb or {})) if bound is None else bound)


def vectors() -> Iterator[Vector]:
    """All of them."""
    for name, content, check, why in (*_valid(), *_envelope(), *_disclosures(), *_hidden(), *_binding()):
        yield Vector(f"sd-jwt-{name}", content, check, why, SD_JWT)


_Case = tuple[str, bytes, str | None, str]


def _valid() -> Iterator[_Case]:
    yield "valid", sd_jwt(given=(INPUT, SECOND)), None, "nothing: everything is disclosed"
    yield "valid-order", sd_jwt(given=(SECOND, INPUT)), None, "nothing: disclosed in another order"
    yield "valid-hidden", sd_jwt(given=(INPUT,)), None, "nothing: an input is hidden"
    yield "valid-all-hidden", sd_jwt(), None, "nothing: all inputs are hidden"
    yield "valid-plain", sd_jwt(facts=[], _sd_alg=...), None, "nothing: there is nothing to disclose"
    part = {"_sd": [digest(disclosure("lot", LOT["lot"]))], "quantity": LOT["quantity"]}
    yield "valid-part-hidden", sd_jwt(facts=[process(part)]), None, "nothing: who supplied an input is hidden"
    papers = [process(attachments=[element(PAPER)])]
    yield "valid-attachment-hidden", sd_jwt(facts=papers), None, "nothing: an attachment is hidden"
    yield "valid-decoy", sd_jwt(facts=[process(element(DECOY))]), None, "nothing: a decoy counts as a hidden input"
    member = disclosure("facts", [process()])
    yield "valid-member", sd_jwt(given=(member,), facts=..., _sd=[digest(member)]), None, "nothing: facts disclosed"
    inner = disclosure("name", "Melting", salt="inner")
    outer = disclosure({**process(), "_sd": [digest(inner)]}, salt="outer")
    nested = sd_jwt(given=(outer, inner), facts=[element(outer)])
    yield "valid-nested", nested, None, "nothing: a disclosure within a disclosure"
    own = sd_jwt(cnf={"jwk": ED.jwk}, given=(INPUT, SECOND), kb={"signer": ED})
    yield "valid-own-key", own, None, "nothing: the holder is the issuer"


def _envelope() -> Iterator[_Case]:
    good = sd_jwt(given=(INPUT, SECOND))
    jwt, _, rest = good.partition(b"~")
    yield "no-tilde", jwt, "envelope", "no tilde: a plain JWS"
    yield "padding", jwt + b"==~" + rest, "envelope", "padding after the issuer's signature"
    yield "line-end", good.replace(b"~", b"~\n", 1).replace(jwt, jwt + b"\n"), "envelope", "line ends"
    yield "two-parts", jwt.rpartition(b".")[0] + b"~" + rest, "envelope", "no signature"
    yield "tilde-first", b"~" + good, "envelope", "nothing before the first tilde"
    for name, head, why in (
        ("none", {"alg": "none"}, "alg none"),
        ("hs256", {"alg": "HS256"}, "alg HS256"),
        ("jwk", {"jwk": STRANGER.jwk}, "brings its own key"),
        ("x5u", {"x5u": "https://rival.example/"}, "an address of a chain"),
        ("crit", {"crit": ["exp"], "exp": AT}, "an extension"),
        ("typ-jwt", {"typ": "JWT"}, "the typ of any JWT"),
        ("typ-statement", {"typ": STATEMENT}, "the typ of a statement"),
        ("typ-binding", {"typ": "kb+jwt"}, "the typ of a key binding"),
        ("kid-missing", {"kid": ...}, "no kid"),
    ):
        yield f"header-{name}", sd_jwt(given=(INPUT, SECOND), head=head), "header", why
    yield "key-unknown", sd_jwt(signer=STRANGER), "key", "a key that is not registered"
    yield "key-alg", sd_jwt(head={"alg": "ES256"}), "key", "alg of another kind of key"
    stranger = jws(compact({"alg": "EdDSA", "kid": ED.kid, "typ": TYPE}), compact(payload()), STRANGER) + b"~"
    yield "stranger", stranger + binding(stranger), "signature", "signed with another key"
    yield "json-duplicate", sd_jwt(b'{"iss":"urn:x",' + compact(payload())[1:]), "json", "iss twice"
    yield "json-nan", sd_jwt(b'{"q":NaN,' + compact(payload())[1:]), "json", "NaN"
    yield "json-nested", sd_jwt(b"[" * 70_000), "json", "nested 70,000 deep"
    yield "claims-expired", sd_jwt(exp=AT - 1), "claims", "expired"
    yield "claims-exp-missing", sd_jwt(exp=...), "claims", "no exp"
    yield "claims-future", sd_jwt(iat=AT + 61), "claims", "issued in the future"
    yield "claims-iss", sd_jwt(iss="https://rival.example/"), "claims", "another issuer than the key's"
    yield "claims-rival-key", sd_jwt(signer=RIVAL), "claims", "another organization's key under our name"
    yield "schema-vct", sd_jwt(vct="urn:x"), "schema", "a claim that we do not know"


def _disclosures() -> Iterator[_Case]:
    def bad(name: str, why: str, content: bytes) -> _Case:
        return name, content, "disclosure", why

    extra = disclosure("inputs_complete", True, salt="extra")
    yield bad("list", "content is a list", sd_jwt([payload()]))
    yield bad("unreferenced", "a disclosure that belongs to nothing", sd_jwt(given=(INPUT, SECOND, extra)))
    yield bad("twice", "the same disclosure twice", sd_jwt(given=(INPUT, SECOND, INPUT)))
    yield bad("digest-twice", "the same digest twice", sd_jwt(given=(INPUT,), facts=[process(*[element(INPUT)] * 2)]))
    decoys = [process(element(DECOY), element(DECOY))]
    yield bad("decoy-twice", "the digest of a decoy twice", sd_jwt(facts=decoys))
    yield bad("hash", "another hash", sd_jwt(_sd_alg="sha-512"))
    yield bad("hash-list", "_sd_alg is a list", sd_jwt(_sd_alg=["sha-256"]))
    yield bad("hash-deep", "_sd_alg deep inside", sd_jwt(facts=[process(_sd_alg="sha-256")]))
    altered = INPUT[:-1] + (b"A" if INPUT[-1:] != b"A" else b"Q")
    yield bad("altered", "one letter of a disclosure changed", sd_jwt(given=(altered, SECOND)))
    yield bad("padded", "a padded disclosure", sd_jwt(given=(INPUT + b"=", SECOND)))
    yield bad("empty", "an empty disclosure", sd_jwt(given=(b"", INPUT, SECOND)))
    yield bad("binding-among", "a JWT among the disclosures", sd_jwt(given=(INPUT, SECOND, jws())))
    for name, made, why in (
        ("object", b64(b'{"a":1}'), "an object as disclosure"),
        ("one", b64(b'["salt"]'), "a salt alone"),
        ("four", b64(b'["salt","a",1,2]'), "four parts"),
        ("salt", b64(b'[1,"a",2]'), "the salt is a number"),
        ("name-number", b64(b'["salt",1,2]'), "the name is a number"),
        ("name-sd", disclosure("_sd", []), "a member named _sd"),
        ("name-dots", disclosure("...", "x"), "a member named ..."),
        ("name-hash", disclosure("_sd_alg", "sha-256"), "a member named _sd_alg"),
        ("not-json", b64(b"[salt]"), "no JSON"),
        ("duplicate", b64(b'["s","a",{"b":1,"b":2}]'), "a name twice within"),
        ("nested", b64(b'["s","a",' + b"[" * 80 + b"]" * 80 + b"]"), "nested 80 deep"),
        ("known", disclosure("iss", "https://rival.example/"), "a member that stands there already"),
        ("element-as-member", disclosure("x"), "an element in place of a member"),
    ):
        yield bad(f"bad-{name}", why, sd_jwt(given=(INPUT, SECOND, made), _sd=[digest(made)]))
    member = disclosure("a", 1, salt="m")
    yield bad(
        "member-as-element",
        "a member in place of an element",
        sd_jwt(given=(member,), facts=[process(element(member))]),
    )
    yield bad("more-than-digest", "a digest and more", sd_jwt(facts=[process({**element(INPUT), "a": 1})]))
    yield bad("dots-in-object", "... as a member", sd_jwt(facts={"...": digest(INPUT)}))
    yield bad("sd-string", "_sd is a string", sd_jwt(_sd=digest(INPUT)))
    yield bad("digest-number", "a digest is a number", sd_jwt(_sd=[5]))
    yield bad("digest-short", "a digest is too short", sd_jwt(_sd=["AAAA"]))
    chain = _tower(70)
    yield bad(
        "tower", "disclosures within disclosures, 70 deep", sd_jwt(given=tuple(chain), facts=[element(chain[-1])])
    )


def _tower(height: int) -> list[bytes]:
    found = [disclosure("end")]
    for n in range(height):
        found.append(disclosure([element(found[-1])], salt=f"s{n}"))
    return found


def _hidden() -> Iterator[_Case]:
    def bad(name: str, why: str, **changes: Any) -> _Case:
        return f"hidden-{name}", sd_jwt(**changes), "disclosure", why

    secret, thing = disclosure("exp", 1), disclosure(process())
    yield bad("claim", "a claim is hidden", _sd=[digest(secret)])
    yield bad("exp", "exp is hidden", exp=..., _sd=[digest(disclosure("exp", AT + 60))])
    yield bad("fact", "a fact is hidden", facts=[element(thing)])
    yield bad("facts", "all facts are hidden", facts=..., _sd=[digest(disclosure("facts", []))])
    yield bad("member", "a member of a process is hidden", facts=[process(_sd=[digest(secret)])])
    yield bad(
        "inputs", "the list of inputs is hidden", facts=[{**process(), "_sd": [digest(disclosure("inputs", []))]}]
    )
    yield bad("activity", "an activity is hidden", facts=[process(activities=[element(thing)])])
    yield bad("output", "an output is hidden", facts=[process(outputs=[element(thing)])])
    yield bad("output-member", "a member of an output is hidden", facts=[process(outputs=[{"_sd": [digest(secret)]}])])
    yield bad("moved", "a moved lot is hidden", facts=[{"kind": "transfer", "moved": [element(thing)]}])
    yield bad("drawn", "where a lot is from is hidden", facts=[{"kind": "lot", "part_of": [element(thing)]}])
    yield bad("facts-object", "facts are an object with numbers as names", facts={"0": process(element(thing))})
    yield bad("cnf", "the holder's key is hidden", cnf={"_sd": [digest(secret)]})


def _binding() -> Iterator[_Case]:
    given = (INPUT, SECOND)

    def bad(name: str, why: str, bound: bytes | None = None, **changes: Any) -> _Case:
        return f"binding-{name}", sd_jwt(given=given, bound=bound, **changes), "disclosure", why

    presented = b"~".join([jws(compact({"alg": "EdDSA", "kid": ED.kid, "typ": TYPE}), compact(payload())), *given, b""])
    yield bad("missing", "no key binding", b"")
    yield bad("garbage", "no JWT", b"xx")
    yield bad("large", "larger than any", b"A" * 5000)
    yield bad("other", "made for fewer disclosures", binding(presented[: -len(SECOND) - 1]))
    yield bad("stranger", "made with another key", kb={"signer": STRANGER})
    yield bad("issuer", "made with the issuer's key", kb={"signer": ES})
    yield bad("unsigned", "alg none", kb={"head": {"alg": "none"}})
    yield bad("typ", "another typ", kb={"head": {"typ": "JWT"}})
    yield bad("kid", "names its key", kb={"head": {"kid": HOLDER.kid}})
    yield bad("jwk", "brings its key", kb={"head": {"jwk": HOLDER.jwk}})
    yield bad("aud", "made for another service", kb={"aud": "https://other.example/"})
    yield bad("aud-list", "made for several services", kb={"aud": [AUDIENCE]})
    yield bad("aud-missing", "made for no service", kb={"aud": ...})
    yield bad("old", "made eleven minutes ago", kb={"iat": AT - 660})
    yield bad("future", "made in the future", kb={"iat": AT + 61})
    yield bad("iat-string", "iat is a string", kb={"iat": str(AT)})
    yield bad("iat-true", "iat is true", kb={"iat": True})
    yield bad("nonce-missing", "no nonce", kb={"nonce": ...})
    yield bad("nonce-empty", "an empty nonce", kb={"nonce": ""})
    yield bad("nonce-list", "nonce is a list", kb={"nonce": ["n"]})
    yield bad("hash", "another sd_hash", kb={"sd_hash": digest(b"x")})
    yield bad("more", "a claim too many", kb={"exp": AT + 60})
    yield bad("cnf-missing", "no holder's key", cnf=...)
    yield bad("cnf-kid", "the holder's key by name", cnf={"kid": HOLDER.kid})
    yield bad("cnf-two", "two keys of the holder", cnf={"jwk": HOLDER.jwk, "kid": HOLDER.kid})
    yield bad("cnf-small-order", "a key under which anything verifies", cnf={"jwk": _small_order()})


def _small_order() -> dict[str, str]:
    return {"crv": "Ed25519", "kty": "OKP", "x": b64(b"\1" + bytes(31)).decode()}
