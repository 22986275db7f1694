"""Receipts: a figure in one file with its documents, their proofs, and aggregates for what may not be shown.

Numbers of a receipt are float64 as JSON writes them; bytes are base64. Whoever reads one believes nothing of it yet.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import marshmallow as ma

from graph.model.indicators import BY_THEMSELVES, Group
from graph.rollup.offers import EMISSION_COLUMNS, MASS_COLUMNS
from graph.rollup.partial import Part
from schemas.errors import StrictJsonError
from schemas.lean import Lean
from schemas.strict_json import parse

VERSION = "greenchain-receipt/1"
MAX_RECEIPT = 256 << 20
_MAX_ITEMS = 20_000_000

NUMBERS = (
    "direct", "indirect", "undivided", "total", "coverage_mass", "coverage_emissions", "default_share",
    "default_mass_share", "unknown_share", "primary_data_share",
)  # fmt: skip


CONTENT = ("pre_consumer", "post_consumer", "non_grain_bio", "other_bio", "virgin", "unknown", "coverage_mass")


INDICATORS = (*(group.value for group in BY_THEMSELVES), Group.CAPTURE.value)


class ReceiptInvalid(ValueError):
    """A file that is no receipt: the field and the reason."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a receipt is about: a lot, or a product in a period [start, end), seconds since the epoch."""

    kind: str
    key: str
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True, slots=True)
class Datum:
    """What a document was examined with (``graph.model.documents.ValidationDatum``), by the SHA-256 of its bytes."""

    kind: str
    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One document of a receipt: its bytes, its ledger entry with the path to the root, and what opens its issuer.

    ``in_force``: positions of those of its facts that were in force at the receipt's index. ``validation``: what it was
    examined with when it was logged; the salt opens the entry's commitment to that.
    """

    content: bytes
    format: str
    issuer: str
    issuer_salt: str
    index: int
    leaf: bytes
    path: tuple[bytes, ...]
    in_force: tuple[int, ...]
    validation: tuple[Datum, ...] = ()
    validation_salt: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """One group of a lot's indicators, per ``unit``: amounts by name, None where nothing is known.

    ``shown``: the documents of the receipt lead to it; else there are others behind it, and it is the service's word.
    """

    unit: str
    basis: str
    lower_bound: bool
    values: dict[str, float | None]
    shown: bool


NO_EXHIBIT = Exhibit(b"", "", "", "", 0, b"", (), ())


@dataclass(frozen=True, slots=True)
class Receipt:
    """A figure with its proof. ``numbers`` as in a footprint; ``salt`` opens the ``commitment`` to what it says.

    ``content``: shares of mass of a lot, None for a product. ``indicators``: of a lot by group, None for a product, and
    in receipts that were given before there were any. ``moment``: when the last document up to ``as_of`` came in
    (seconds), by which periods are judged; ``recognised``: accreditation bodies that count; ``gwp``: the set of warming
    potentials; ``factors``: version of the figures that come with the program (``graph.rollup.policy``); ``audience``:
    the address that key bindings name. ``validation_data``: bytes that exhibits name by their digests.
    """

    subject: Subject
    policy: str
    policy_version: str
    as_of: int
    unit: str
    basis: str
    lower_bound: bool
    numbers: dict[str, float | None]
    exhibits: tuple[Exhibit, ...]
    aggregates: tuple[Part, ...]
    content: dict[str, float | None] | None = None
    assurance: str | None = None
    moment: float | None = None
    recognised: tuple[str, ...] = ()
    gwp: str = ""
    factors: str = ""
    audience: str = ""
    validation_data: tuple[bytes, ...] = ()
    salt: str = ""
    commitment: Exhibit = NO_EXHIBIT
    checkpoint: bytes = b""
    indicators: dict[str, Account] | None = None


class _Bytes(ma.fields.Field[bytes]):
    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str:
        return base64.b64encode(value).decode()

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bytes:
        try:
            decoded = base64.b64decode(value.encode("ascii"), validate=True)
        except (AttributeError, UnicodeEncodeError, binascii.Error) as error:
            raise ma.ValidationError("must be base64") from error
        if base64.b64encode(decoded).decode() != value:
            raise ma.ValidationError("must be base64 in its one spelling")
        return decoded


class _Number(ma.fields.Field[float]):
    """A float64; strict JSON hands in integers and decimals."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if isinstance(value, bool) or not hasattr(value, "__float__"):
            raise ma.ValidationError("must be a number")
        return float(value)


# One spelling, so that a changed file never opens the same commitment.
_SALT = ma.validate.Regexp(r"\A(?:[0-9a-f]{2})*\Z", error="must be lower-case hexadecimal")


class _SubjectSchema(Lean):
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(("lot", "product")))
    key = ma.fields.String(required=True)
    start = _Number(allow_none=True, load_default=None)
    end = _Number(allow_none=True, load_default=None)


class _DatumSchema(Lean):
    kind = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    digest = ma.fields.String(required=True)


class _ExhibitSchema(Lean):
    content = _Bytes(required=True)
    format = ma.fields.String(required=True)
    issuer = ma.fields.String(required=True)
    issuer_salt = ma.fields.String(required=True, validate=_SALT)
    index = ma.fields.Integer(required=True, strict=True)
    leaf = _Bytes(required=True)
    path = ma.fields.List(_Bytes(), required=True)
    in_force = ma.fields.List(ma.fields.Integer(strict=True), required=True)
    validation = ma.fields.List(ma.fields.Nested(_DatumSchema), required=True)
    validation_salt = ma.fields.String(required=True, validate=_SALT)


class _PartSchema(Lean):
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(("lot", "process")))
    key = ma.fields.String(required=True)
    hidden = ma.fields.Boolean(required=True, truthy={True}, falsy={False})
    emissions = ma.fields.List(_Number(), required=True, validate=ma.validate.Length(equal=EMISSION_COLUMNS))
    mass = ma.fields.List(_Number(), required=True, validate=ma.validate.Length(equal=MASS_COLUMNS))


class _AccountSchema(Lean):
    unit = ma.fields.String(required=True)
    basis = ma.fields.String(required=True)
    lower_bound = ma.fields.Boolean(required=True, truthy={True}, falsy={False})
    values = ma.fields.Dict(keys=ma.fields.String(), values=_Number(allow_none=True), required=True)
    shown = ma.fields.Boolean(required=True, truthy={True}, falsy={False})


class ReceiptSchema(Lean):
    """A receipt as a file."""

    version = ma.fields.String(required=True, validate=ma.validate.Equal(VERSION))
    subject = ma.fields.Nested(_SubjectSchema, required=True)
    policy = ma.fields.String(required=True)
    policy_version = ma.fields.String(required=True)
    as_of = ma.fields.Integer(required=True, strict=True)
    unit = ma.fields.String(required=True)
    basis = ma.fields.String(required=True)
    lower_bound = ma.fields.Boolean(required=True, truthy={True}, falsy={False})
    numbers = ma.fields.Dict(
        keys=ma.fields.String(validate=ma.validate.OneOf(NUMBERS)), values=_Number(allow_none=True), required=True
    )
    content = ma.fields.Dict(
        keys=ma.fields.String(validate=ma.validate.OneOf(CONTENT)),
        values=_Number(allow_none=True),
        required=True,
        allow_none=True,
    )
    indicators = ma.fields.Dict(
        keys=ma.fields.String(validate=ma.validate.OneOf(INDICATORS)),
        values=ma.fields.Nested(_AccountSchema),
        load_default=None,
        allow_none=True,
    )
    assurance = ma.fields.String(required=True, allow_none=True)
    moment = _Number(required=True, allow_none=True)
    recognised = ma.fields.List(ma.fields.String(), required=True)
    gwp = ma.fields.String(required=True)
    factors = ma.fields.String(required=True)
    audience = ma.fields.String(required=True)
    exhibits = ma.fields.List(ma.fields.Nested(_ExhibitSchema), required=True)
    validation_data = ma.fields.List(_Bytes(), required=True)
    aggregates = ma.fields.List(ma.fields.Nested(_PartSchema), required=True)
    salt = ma.fields.String(required=True, validate=_SALT)
    commitment = ma.fields.Nested(_ExhibitSchema, required=True)
    checkpoint = ma.fields.String(required=True)


_SCHEMA = ReceiptSchema()


def dump_receipt(receipt: Receipt) -> dict[str, Any]:
    """A receipt as JSON."""
    written: dict[str, Any] = _SCHEMA.dump(receipt)
    return written | {"version": VERSION, "checkpoint": receipt.checkpoint.decode()}


def load_receipt(content: bytes) -> Receipt:
    """Read a receipt. Raises ``ReceiptInvalid`` naming the first field at fault."""
    if len(content) > MAX_RECEIPT:
        raise ReceiptInvalid(f"a receipt has at most {MAX_RECEIPT} bytes")
    try:
        data = _SCHEMA.load(parse(content, max_items=_MAX_ITEMS))
    except StrictJsonError as error:
        raise ReceiptInvalid(f"the file {error}") from error
    except ma.ValidationError as error:
        raise ReceiptInvalid(_first(error.messages)) from error
    del data["version"]
    commitment = data.pop("commitment")
    return Receipt(
        **data
        | {
            "subject": Subject(**data["subject"]),
            "exhibits": tuple(_exhibit(e) for e in data["exhibits"]),
            "recognised": tuple(data["recognised"]),
            "validation_data": tuple(data["validation_data"]),
            "aggregates": tuple(_part(p) for p in data["aggregates"]),
            "checkpoint": data["checkpoint"].encode(),
            "indicators": _accounts(data["indicators"]),
        },
        commitment=_exhibit(commitment),
    )


def _accounts(data: dict[str, Any] | None) -> dict[str, Account] | None:
    return None if data is None else {group: Account(**told) for group, told in data.items()}


def _exhibit(data: dict[str, Any]) -> Exhibit:
    seen = tuple(Datum(**d) for d in data["validation"])
    return Exhibit(**data | {"path": tuple(data["path"]), "in_force": tuple(data["in_force"]), "validation": seen})


def _part(data: dict[str, Any]) -> Part:
    return Part(**data | {"emissions": tuple(data["emissions"]), "mass": tuple(data["mass"])})


def _first(messages: Any, place: str = "") -> str:
    while isinstance(messages, dict) and messages:
        name, messages = next(iter(messages.items()))
        place += "" if name == "_schema" else f"/{name}"
    reason = messages[0] if isinstance(messages, list) and messages else messages
    return f"{place or 'the receipt'}: {reason}"
