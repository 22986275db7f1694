"""Cursor paging: a page says where the next one begins, so that changes in between skip or repeat nothing."""

import base64
import binascii
import json

import marshmallow as ma

from service.problems import FieldFault

_MOST_CURSOR = 600


class PageQuery(ma.Schema):
    """The parameters of every list."""

    limit = ma.fields.Integer(
        load_default=50, validate=ma.validate.Range(1, 200), metadata={"description": "Most items in the answer"}
    )
    cursor = ma.fields.String(
        load_default="",
        validate=ma.validate.Length(max=_MOST_CURSOR),
        metadata={"description": "`next` of the page before; empty for the first page"},
    )


def encode_cursor(*values: str | int | float) -> str:
    """An opaque cursor that stands behind the item with these values of the sort key."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *kinds: type) -> list[str | int | float]:
    """The values in a cursor; raises FieldFault unless they are of these types."""
    try:
        values = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        values = None
    if not isinstance(values, list) or [type(v) for v in values] != list(kinds):
        raise FieldFault("this is not a cursor that a page of this list gave out", parameter="cursor", status=400)
    return values
