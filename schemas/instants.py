"""Seconds since the epoch as the dates that libraries ask for."""

from datetime import UTC, datetime


def utc(seconds: float) -> datetime:
    """The moment in UTC, to the second."""
    return datetime.fromtimestamp(int(seconds), UTC)


def rfc3339(seconds: float) -> str:
    """The moment as RFC 3339 and XML Schema write it, in UTC, to the second."""
    return utc(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")
