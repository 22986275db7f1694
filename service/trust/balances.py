"""The check ``balances``: nobody passes on more of a lot, or draws more from an output, than its statements hold."""

# Two weighings of one quantity differ: the tolerance of a physical stock-take in chain of custody schemes (0.5 %).
WEIGHING_TOLERANCE = 0.005

# What is left of a float sum after everything was taken back, and by how much one may miss the whole.
_NOTHING = 1e-9


def overdrawn(credit: float, debit: float, tolerance: float = WEIGHING_TOLERANCE) -> str:
    """The reason why an account does not balance, or nothing. Quantities in one canonical unit.

    An account without credit is one whose holder has not said yet what it produced or received: buyers arrive before
    suppliers, so that refuses nothing (accounting.md, Roll-up).
    """
    if credit <= _NOTHING or debit <= credit * (1.0 + tolerance) * (1.0 + _NOTHING):
        return ""
    return (
        f"takes what is used and passed on to {debit:.15g}, beyond the {credit:.15g} that your own statements hold "
        "(canonical units: kg, m3, MJ, piece ...)"
    )
