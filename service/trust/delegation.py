"""Check 9, second part: whether delegations in force cover what a statement declares about another's things."""

from collections.abc import Callable, Iterable
from typing import Final

from graph.model.documents import CheckResult, FieldError
from graph.model.intake import DelegationInForce
from service.trust import checks
from service.trust.authority import Need
from service.trust.checks import Refusal

# ``iat`` is the delegate's own word. So long after a delegation's end a statement that bears an earlier one may still
# be handed in; what comes later could have been signed at any time.
HAND_IN_SECONDS: Final = 7 * 86_400

Named = tuple[DelegationInForce, ...]


def covering(
    needs: Iterable[Need],
    delegations: Iterable[DelegationInForce],
    *,
    thumbprint: str,
    signed_at: float,
    logged_at: float,
    product_of: Callable[[str], str],
) -> Named:
    """The delegations on whose authority a statement speaks, one for each need, without repeats.

    ``delegations``: those in force to the statement's issuer. ``signed_at``: its iat, by which authority is judged
    (RFC 7519 4.1.6); ``product_of``: the product key of a lot, "" where nobody in force says. Raises ``Refusal``.
    """
    timely = [d for d in delegations if d.start <= signed_at < d.end and logged_at < d.end + HAND_IN_SECONDS]
    mine = sorted((d for d in timely if d.key in ("", thumbprint)), key=lambda d: d.fid)
    found: dict[int, DelegationInForce] = {}
    errors = []
    for need in needs:
        fitting = next((d for d in mine if _covers(d, need, product_of)), None)
        if fitting is None:
            detail = f"is a thing of {need.owner}, whose delegations in force when this was signed do not cover this"
            errors.append(FieldError(need.pointer, detail))
        else:
            found[fitting.fid] = fitting
    if errors:
        raise Refusal("authority", f"{errors[0].pointer} {errors[0].detail}", tuple(errors))
    return tuple(found.values())


def _covers(given: DelegationInForce, need: Need, product_of: Callable[[str], str]) -> bool:
    if given.issuer != need.owner or need.kind.value not in given.kinds:
        return False
    if given.about_kind == "product":
        return given.about == (product_of(need.lot) if need.lot else need.product)
    about = {"": given.about, "lot": need.lot, "facility": need.facility}
    return given.about == about[given.about_kind]


def authorised(used: Named) -> CheckResult:
    """The outcome of check 9 that says on whose authority a statement speaks."""
    told = "; ".join(f"on the authority of {d.issuer} (document {d.document})" for d in used)
    passed = checks.passed("authority")
    return CheckResult(passed.number, passed.name, passed.outcome, told)
