"""What the roll-up raises: a question about what nobody named, and a chain that contains itself."""

from graph.errors import GreenchainError


class RollupError(GreenchainError):
    """A figure that cannot be given."""


class LotUnknown(RollupError):
    """No fact in force names the lot (or, where a product is asked for, the product)."""

    def __init__(self, key: str) -> None:
        super().__init__(f"nothing in force names {key!r}")
        self.key = key


class CycleFound(RollupError):
    """The lot's upstream contains itself, so it has no figure (reference/accounting.md, ruling 8).

    ``lots`` names the lots of the cycle, or, in a loop of product references alone, its products.
    """

    def __init__(self, key: str, lots: tuple[str, ...]) -> None:
        super().__init__(f"the upstream of {key!r} contains a cycle: {', '.join(lots)}")
        self.key = key
        self.lots = lots


class PolicyUnknown(RollupError):
    """No policy has that name."""
