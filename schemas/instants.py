"""Seconds since the epoch as the dates that libraries ask for."""

from datetime import UTC, datetime


def utc(seconds: float) -> datetime:
    """The moment in UTC, to the second."""
    return datetime.fromtimestamp(int(seconds), UTC)
