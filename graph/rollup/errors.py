"""What the roll-up raises: a question about what nobody named, and a chain that contains itself."""

from graph.errors import GreenchainError


class RollupError(GreenchainError):
    """A figure that cannot be given."""


class LotUnknown(RollupError):
    """No fact in force names the lot (or, where a product is asked for, the product)."""

    def __init__(self, key: str) -> None:
        super().__init__(f"nothing in force names {key!r}")
        self.key = key


class NoFigure(RollupError):
    """What stands behind the lot allows of none."""


class CycleFound(NoFigure):
    """The lot's upstream contains itself, so it has no figure (reference/accounting.md, ruling 8).

    ``lots`` names the lots of the cycle, or, in a loop of product references alone, its products.
    """

    def __init__(self, key: str, lots: tuple[str, ...]) -> None:
        super().__init__(f"the upstream of {key!r} contains a cycle: {', '.join(lots)}")
        self.key = key
        self.lots = lots


class LoopDiverges(CycleFound):
    """The lot rests on a loop that needs as much of itself as it makes, or more: its spectral radius is not below 1."""

    def __init__(self, key: str, lots: tuple[str, ...]) -> None:
        # CycleFound's words are about a lot made of itself; these are about amounts.
        RollupError.__init__(
            self,
            f"the upstream of {key!r} contains a loop that uses up all it makes, or seems to: {', '.join(lots)}",
        )
        self.key = key
        self.lots = lots


class BeyondRange(NoFigure):
    """What stands behind the lot adds up to more than a floating-point number can hold."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the emissions behind {key!r} are beyond the range of numbers; a quantity must be wrong")
        self.key = key


class PolicyUnknown(RollupError):
    """No policy has that name."""
