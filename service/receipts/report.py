"""What a verification found, as a tree: each line is proven, taken on somebody's word, or wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Standing(StrEnum):
    """What a line rests on."""

    PROVEN = "proven"
    WORD = "word"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at: what it is, how it stands, why or on whose word, and what it is made of."""

    what: str
    standing: Standing
    detail: str = ""
    parts: tuple["Line", ...] = ()

    @property
    def holds(self) -> bool:
        """Nothing in it is wrong."""
        return self.standing is not Standing.WRONG and all(part.holds for part in self.parts)

    def wrong(self) -> Iterator["Line"]:
        """The lines that are wrong themselves."""
        if self.standing is Standing.WRONG:
            yield self
        for part in self.parts:
            yield from part.wrong()


def proven(what: str, detail: str = "", *parts: Line) -> Line:
    """A line that was shown."""
    return Line(what, Standing.PROVEN, detail, parts)


def word(what: str, detail: str, *parts: Line) -> Line:
    """A line that rests on somebody's word."""
    return Line(what, Standing.WORD, detail, parts)


def wrong(what: str, detail: str, *parts: Line) -> Line:
    """A line that does not hold."""
    return Line(what, Standing.WRONG, detail, parts)
