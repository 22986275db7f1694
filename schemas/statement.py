"""The published schema "statement": what one document says, as facts of any kind.

``load_statement`` turns parsed JSON into the domain's ``Statement``; every fault is named by its RFC 6901 pointer.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import marshmallow as ma

from graph.model.documents import FieldError
from graph.model.facts import Stated, Statement
from graph.model.refs import FACTS_PER_DOCUMENT_BITS, Kind, Ref
from schemas.builders import BUILDERS
from schemas.errors import StatementInvalid
from schemas.fields import Id, Uri
from schemas.kinds import FACT_SCHEMAS
from schemas.lean import Lean, Reads

MAX_FACTS = 1 << (FACTS_PER_DOCUMENT_BITS - 4)
_MAX_REPORTED = 50


class FactField(Reads[dict[str, Any]]):
    """One fact: its ``kind`` says which schema it follows."""

    def read(self, value: Any) -> dict[str, Any]:
        """The loaded fields of the fact."""
        if not isinstance(value, dict):
            raise ma.ValidationError("must be an object with a kind")
        kind = value.get("kind")
        schema = FACT_SCHEMAS.get(kind) if isinstance(kind, str) else None
        if schema is None:
            raise ma.ValidationError({"kind": [f"must be one of {', '.join(sorted(FACT_SCHEMAS))}"]})
        loaded: dict[str, Any] = schema.load(value)
        return loaded


class StatementSchema(Lean):
    """What an organization states: who (``iss``), its own id of the statement (``jti``), when (``iat``), and the facts.

    From ``exp`` on the statement is not taken in any more (RFC 7519 4.1.4); signed statements must have it.
    """

    iss = Uri(required=True, metadata={"description": "URI of the organization that speaks"})
    jti = Id(required=True, metadata={"description": "the issuer's own id of this statement; used once"})
    iat = ma.fields.Integer(required=True, strict=True, metadata={"description": "seconds since the epoch"})
    exp = ma.fields.Integer(
        strict=True, metadata={"description": "not to be accepted from then on; seconds since the epoch"}
    )
    facts = ma.fields.List(FactField(), required=True, validate=ma.validate.Length(1, MAX_FACTS))


_STATEMENT = StatementSchema()


def load_statement(document: object) -> Statement:
    """The statement in parsed JSON. Raises ``StatementInvalid`` naming each field at fault and the reason."""
    if not isinstance(document, dict):
        raise StatementInvalid((FieldError("", "must be a JSON object"),))
    try:
        loaded = _STATEMENT.load(document)
        facts = tuple(_stated(n, fact, loaded["iss"]) for n, fact in enumerate(loaded["facts"]))
    except ma.ValidationError as error:
        raise StatementInvalid(tuple(pointers(error.messages))) from error
    _refuse_repeats(facts)
    expires = float(loaded["exp"]) if "exp" in loaded else None
    return Statement(loaded["iss"], loaded["jti"], float(loaded["iat"]), expires, facts)


def _stated(position: int, data: dict[str, Any], issuer: str) -> Stated:
    try:
        fact = BUILDERS[data["kind"]](data, issuer)
    except ma.ValidationError as error:
        raise ma.ValidationError({"facts": {position: error.messages}}) from error
    return Stated(position, fact, data.get("supersedes", ""))


def _refuse_repeats(facts: tuple[Stated, ...]) -> None:
    seen: dict[tuple[Kind, Ref], int] = {}
    for stated in facts:
        first = seen.setdefault((stated.fact.kind, stated.fact.ref), stated.position)
        if first != stated.position:
            pointer = f"/facts/{stated.position}/id"
            raise StatementInvalid((FieldError(pointer, f"the same {stated.fact.kind} is stated at /facts/{first}"),))


def pointers(messages: Any, pointer: str = "") -> Iterator[FieldError]:
    """Marshmallow's nested messages as RFC 6901 pointers, at most 50."""
    for number, found in enumerate(_walk(messages, pointer)):
        if number >= _MAX_REPORTED:
            yield FieldError("", "further errors are left out")
            return
        yield found


def _walk(messages: Any, pointer: str) -> Iterator[FieldError]:
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            step = "" if name == "_schema" else "/" + str(name)[:80].replace("~", "~0").replace("/", "~1")
            yield from _walk(inner, pointer + step)
    elif isinstance(messages, list | tuple):
        for inner in messages:
            yield from _walk(inner, pointer)
    else:
        yield FieldError(pointer, str(messages)[:200])
