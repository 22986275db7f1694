"""The page of a portfolio: all lots of a year, why they changed, the way to a target, and whom to ask first."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import flask
from werkzeug.wrappers import Response

from graph.rollup.policy import gwp_names, policy_names
from service.auth.roles import Permission
from service.auth.viewers import allowed
from service.chain import AsOfUnknown
from service.context import services
from service.figures import Ask
from service.portfolios import Held, Period
from service.problems import FieldFault
from service.web import charts, downloads, portfolio_page
from service.web.naming import naming
from service.web.queries import asked, text
from service.web.tables import Table

View = dict[str, Any]

FIRST_YEAR, LAST_YEAR, MOST_YEARS = 1990, 2200, 60
SCOPES = {"made": "Lots made", "received": "Lots received"}
_AHEAD, _REDUCTION = 5, 42.0
_TOP = 25

blueprint = flask.Blueprint("portfolio_pages", __name__)


@dataclass(frozen=True, slots=True)
class _Choice:
    """What the page is asked for: whose lots, which year beside which, and a target."""

    held: Held
    year: int
    base: int
    first: int
    last: int
    reduction: float
    years: tuple[int, ...]

    @property
    def target(self) -> tuple[int, int]:
        """The base year and the year of the target."""
        return self.first, self.last


@blueprint.get("/portfolio")
@allowed(Permission.READ_CHAIN)
def one() -> str:
    """The portfolio of a year."""
    question = asked()
    choice = _choice(question)
    names = naming(question)
    return flask.render_template(
        "portfolio.html",
        choice=choice,
        scopes=SCOPES,
        organizations={uri: names.organization(uri) for uri in _organizations(question)},
        own=question.viewer.organization,
        policies=policy_names(),
        gwp_sets=gwp_names(),
        **{name: text(name, 40) for name in ("as_of", "policy", "gwp")},
        **_addresses(choice),
        **(_figures(question, choice) if choice.years else {"totals": None}),
    )


@blueprint.get("/portfolio/tables/<name>.<any(csv, json):form>")
@allowed(Permission.READ_CHAIN)
def table(name: str, form: str) -> Response:
    """One table of the page, all its rows; 404 for one that there is not."""
    question = asked()
    choice = _choice(question)
    found = _table(name, question, choice)
    if found is None:
        flask.abort(404)
    about = {"portfolio": choice.held.organization or question.viewer.organization, "scope": choice.held.scope}
    return downloads.attached(found, form, about | {"table": name}, question, f"portfolio-{choice.year}-{name}")


def _table(name: str, question: Ask, choice: _Choice) -> Table | None:
    if name == "totals":
        return portfolio_page.totals_table(_totals(question, choice))
    if name == "change":
        return portfolio_page.change_table(_change(question, choice))
    if name == "target":
        found = services.portfolios.target(question, choice.held, choice.target, choice.reduction)
        return portfolio_page.target_table(found) if found else None
    return portfolio_page.budget_table(_budget(question, choice, 100)) if name == "ask-first" else None


def _figures(question: Ask, choice: _Choice) -> View:
    totals, change = _totals(question, choice), _change(question, choice)
    target = services.portfolios.target(question, choice.held, choice.target, choice.reduction)
    years = target["years"] if target else ()
    steps = portfolio_page.change_steps(change, (choice.base, choice.year))
    amounts = [totals["total"]["total"], *(y[n] for y in years for n in ("aim", "actual")), *(s.value for s in steps)]
    shown = portfolio_page.scale(amounts)
    groups = [group for group in totals["groups"] if group["total"] is not None]
    budget = _budget(question, choice, _TOP)
    return {
        "totals": totals,
        "shown": shown,
        "stacked": portfolio_page.stacked(totals, choice.year, shown),
        "unknown_groups": len(totals["groups"]) - len(groups),
        "supplier": portfolio_page.supplier,
        "product": portfolio_page.group_name,
        "change": change,
        "steps": steps,
        "waterfall": portfolio_page.waterfall(steps, shown, partly=change["of_known"]),
        "target": target,
        "path": portfolio_page.path(target, shown),
        "budget": budget,
        "bars": charts.bars([row["emissions_share"] for row in budget["rows"]], 1.0),
        "missing": portfolio_page.missing,
        "most_rows": portfolio_page.MOST_ROWS,
        "bounds": portfolio_page.BOUNDS,
    }


def _totals(question: Ask, choice: _Choice) -> View:
    return services.portfolios.totals(question, choice.held, _year(choice.year), ("supplier", "month"))


def _change(question: Ask, choice: _Choice) -> View:
    periods = _year(choice.base), _year(choice.year)
    return services.portfolios.compare(question, choice.held, periods, ("product",))


def _budget(question: Ask, choice: _Choice, top: int) -> View:
    return services.portfolios.uncertainty(question, choice.held, _year(choice.year), top)


def _year(year: int, last: int | None = None) -> Period:
    start, end = (datetime(y, 1, 1, tzinfo=UTC).timestamp() for y in (year, (last or year) + 1))
    return start, end


def _organizations(question: Ask) -> list[str]:
    """Whose lots the viewer may ask for, its own organization first."""
    return [question.viewer.organization, *sorted(services.chain.sight(question.viewer).granted_by)]


def _choice(question: Ask) -> _Choice:
    """What was asked for; where nothing was, the last year on record, of whoever has one."""
    scope = text("scope", 10) or "made"
    if scope not in SCOPES:
        raise FieldFault(f"is one of {', '.join(SCOPES)}", parameter="scope")
    # What somebody else received is nobody else's to read.
    given = text("organization", 200) if scope == "made" else ""
    held, years = Held(scope, given), _years(question, Held(scope, given))
    if not years and not given and scope == "made":
        others = ((Held(scope, uri), _years(question, Held(scope, uri))) for uri in _organizations(question)[1:])
        held, years = next(((h, found) for h, found in others if found), (held, years))
    year = _whole("year", years[-1] if years else datetime.now(UTC).year)
    earlier = [y for y in years if y < year]
    base = _whole("base", earlier[-1] if earlier else max(FIRST_YEAR, year - 1))
    ahead = min(LAST_YEAR, year + _AHEAD)
    first = _whole("from", next((y for y in years if 0 < ahead - y <= MOST_YEARS), min(year, LAST_YEAR - 1)))
    last = _whole("until", min(LAST_YEAR, max(ahead, first + 1)))
    if not 0 < last - first <= MOST_YEARS:
        raise FieldFault(f"must be 1 to {MOST_YEARS} years after the base year", parameter="until")
    return _Choice(held, year, base, first, last, _reduction(), years)


def _years(question: Ask, held: Held) -> tuple[int, ...]:
    """The years of which lots are on record."""
    try:
        found = services.portfolios.totals(question, held, _year(FIRST_YEAR, LAST_YEAR), ("year",))
    except AsOfUnknown as error:
        raise FieldFault(str(error), parameter="as_of") from error
    return tuple(sorted(int(group["names"]["year"]) for group in found["groups"]))


def _whole(name: str, default: int) -> int:
    given = text(name, 4)
    if not given:
        return default
    if not given.isdecimal() or not FIRST_YEAR <= int(given) <= LAST_YEAR:
        raise FieldFault(f"must be a year from {FIRST_YEAR} to {LAST_YEAR}", parameter=name)
    return int(given)


def _reduction() -> float:
    given = text("reduction", 10)
    try:
        found = float(given) if given else _REDUCTION
    except ValueError:
        found = -1.0
    if not 0 <= found <= 100:
        raise FieldFault("must be per cent, from 0 to 100", parameter="reduction")
    return found


def _addresses(choice: _Choice) -> View:
    """Addresses that keep what was chosen."""
    kept: View = {name: given for name in ("as_of", "policy", "gwp") if (given := text(name, 40))}
    held = choice.held
    whose = {"scope": held.scope} | ({"organization": held.organization} if held.organization else {})
    chosen = {"year": choice.year, "base": choice.base, "from": choice.first, "until": choice.last}
    everything = kept | whose | chosen | {"reduction": f"{choice.reduction:g}"}

    def take(name: str, form: str) -> str:
        return flask.url_for("portfolio_pages.table", name=name, form=form, **everything)

    period = f"{choice.year}-01-01/{choice.year + 1}-01-01"
    return {"table": take, "asking": flask.url_for("questions.PortfolioWhatIf", **kept | whose | {"period": period})}
