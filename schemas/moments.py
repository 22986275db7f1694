"""Times in documents that are not statements: credentials and their status lists."""

import marshmallow as ma

from schemas.fields import Time

_TIME = Time()


def timestamp(value: object) -> float:
    """Seconds since the epoch of an RFC 3339 time with an offset (XML Schema dateTimeStamp). Raises ValueError."""
    if not isinstance(value, str) or "T" not in value.upper():
        raise ValueError("must be a time with an offset, such as 2026-01-31T12:00:00Z")
    try:
        moment: float = _TIME.deserialize(value)
    except ma.ValidationError as error:
        raise ValueError(str(error.messages[0])) from error
    return moment
