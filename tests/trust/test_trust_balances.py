"""The check ``balances``: what an account may be debited, and what a weighing lets pass."""

import pytest

from service.trust.balances import overdrawn


@pytest.mark.parametrize(
    ("credit", "debit"),
    [
        (1000.0, 0.0),
        (1000.0, 1000.0),
        (1000.0, 1004.9),
        (1000.0, 1005.0),
        (0.1 + 0.2, 0.3),
        (0.3, 0.1 + 0.2),
        # Nobody has said yet what there is, or what there was is taken back but for a float's remainder.
        (0.0, 5.0),
        (1e-12, 5.0),
    ],
)
def test_in_balance(credit: float, debit: float) -> None:
    assert overdrawn(credit, debit) == ""


@pytest.mark.parametrize(("credit", "debit"), [(1000.0, 1005.1), (1.0, 2.0), (2e-9, 1.0)])
def test_overdrawn(credit: float, debit: float) -> None:
    reason = overdrawn(credit, debit)
    assert f"to {debit:.15g}, beyond the {credit:.15g}" in reason


def test_the_tolerance_is_an_argument() -> None:
    assert overdrawn(100.0, 100.4, tolerance=0.0) != ""
    assert overdrawn(100.0, 110.0, tolerance=0.1) == ""
