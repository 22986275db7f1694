"""Pages about lots: the list with its search, and one lot with everything its figure rests on."""

from typing import Any

import flask
from werkzeug.wrappers import Response

from graph.model.refs import Ref
from graph.rollup.offers import GAP, KNOWN, UNDIVIDED
from graph.rollup.policy import Basis, gwp_names, policy_names
from graph.units import CANONICAL, Dimension
from service.api.paging import decode_cursor, encode_cursor
from service.auth.roles import Permission
from service.auth.viewers import allowed
from service.chain import NotFound, World
from service.context import services
from service.figures import Ask
from service.web import charts, lot_page, plots, words
from service.web.documents import saying
from service.web.naming import Naming, naming
from service.web.numbers import decimals_for, readable_unit
from service.web.queries import asked, asked_or_present, text

View = dict[str, Any]

PAGE, DOCUMENTS = 25, 20

blueprint = flask.Blueprint("lots", __name__)


@blueprint.get("/lots")
@allowed(Permission.READ_CHAIN)
def index() -> str:
    """The lots the viewer may see, with a search."""
    question, search, cursor = asked(), text("search", 100), text("cursor", 600)
    after = str(decode_cursor(cursor, str)[0]) if cursor else ""
    found = services.figures.lots(question, search, after, PAGE + 1)
    world = services.chain.world(question.as_of, question.policy, question.gwp)
    return flask.render_template(
        "lots.html",
        lots=[view | _headline(world, key) for key, view in found[:PAGE]],
        next=encode_cursor(found[PAGE - 1][0]) if len(found) > PAGE else "",
        first=not cursor,
        search=search,
        as_of=text("as_of", 40),
        name=naming(question).organization,
    )


@blueprint.get("/lots/<uid>")
@allowed(Permission.READ_CHAIN)
def one(uid: str) -> Response:
    """One lot: its figure, where that comes from, and the documents behind it."""
    question, fault = asked_or_present()
    try:
        lot = services.figures.lot(question, uid)
    except NotFound:
        return _not_yet(question, uid)
    by = text("by", 20) or "organization"
    if by not in words.BREAKDOWNS:
        flask.abort(404)
    names = naming(question)
    page = flask.render_template(
        "lot.html",
        lot=lot,
        by=by,
        **_choices(uid, by, fault),
        name=names.organization,
        certificates=lot_page.certificates(services.certificates.of_lot(question, uid)),
        **_figures(question, uid, by, names),
    )
    return flask.make_response(page, 422 if fault else 200)


def _choices(uid: str, by: str, fault: str) -> View:
    """What the page was asked for, and addresses that keep all of it but what they change."""
    kept = {"as_of": "" if fault else text("as_of", 40)} | {name: text(name, 40) for name in ("policy", "gwp")}
    wrong = {"as_of_fault": fault, "as_of_asked": flask.request.args.get("as_of", "")[:40] if fault else ""}
    given = {name: value for name, value in kept.items() if value}

    def here(**changes: Any) -> str:
        return flask.url_for("lots.one", uid=uid, **given | {"by": by} | changes)

    def table(name: str, form: str) -> str:
        more: View = given | ({"by": by} if name == "contributions" else {})
        return flask.url_for("downloads.table", uid=uid, name=name, form=form, **more)

    return (
        kept
        | wrong
        | {"here": here, "table": table, "policies": policy_names(), "gwp_sets": gwp_names(), "given": given}
    )


def _figures(asked: Ask, uid: str, by: str, names: Naming) -> View:
    """Everything about a lot that is a number, or stands behind one."""
    figure, parts = services.figures.footprint(asked, uid), services.figures.contributions(asked, uid)
    content, chain = services.figures.content(asked, uid), services.figures.chain(asked, uid)
    indicators = services.figures.indicators(asked, uid)
    missing = lot_page.unknown_rows(figure["missing"], by, names.organization)
    rows = lot_page.breakdown(parts, by, missing)
    return {
        "figure": figure,
        "content": content,
        "indicators": indicators,
        "accounts": lot_page.accounts(indicators, names.organization),
        "split": lot_page.split(figure),
        "parts": lot_page.contents(content),
        "parts_known": any(figure["parts"][name] is not None for name in words.PARTS),
        "tiers": lot_page.breakdown(parts, "tier"),
        "rows": rows,
        "missing": lot_page.things(figure["missing"], names.organization),
        "defaulted": lot_page.things(figure["defaulted"], names.organization),
        "findings": lot_page.findings(figure, content, indicators),
        "shadows": lot_page.shadows(figure),
        "map": charts.tier_map(chain["nodes"], chain["edges"]),
        "chain": chain,
        "nodes": lot_page.chain_rows(chain),
        "opens": lambda node: _opens(node, names),
        "inputs": lot_page.inputs(chain),
        "activities": lot_page.activities(parts),
        **_plots(parts, chain, rows, figure),
        **_documents(asked, figure["documents"]),
    }


def _plots(found: View, chain: View, rows: lot_page.Breakdown, figure: View) -> View:
    """What plotly.js draws, and what stands in the tables beside it."""
    steps, unit, decimals = plots.steps(found, chain), readable_unit(figure["unit"]), decimals_for(figure["total"])
    interval = figure["interval"]
    return {
        "steps": steps,
        "waterfall": plots.waterfall(steps, unit, decimals, lower_bound=figure["lower_bound"]),
        "treemap": plots.treemap(rows.rows, unit, decimals),
        "left_out": plots.left_out(rows.rows),
        "whisker": interval and charts.whisker(interval["low"], figure["total"], interval["high"]),
    }


def _documents(asked: Ask, behind: View) -> View:
    """One page of the documents behind a figure; the newest evidence first."""
    ids = behind["ids"][::-1]
    start = min(int(given) if (given := text("from", 6)).isdecimal() else 0, len(ids))
    shown = [services.documents.find(asked.viewer, one) for one in ids[start : start + DOCUMENTS]]
    more = start + DOCUMENTS if start + DOCUMENTS < len(ids) else 0
    return {
        "documents": shown,
        "says": saying(shown),
        "undisclosed": behind["undisclosed"],
        "count": len(ids),
        "start": start,
        "more": more,
    }


def _opens(node: View, names: Naming) -> str:
    """The address of a node's page, where the viewer has one."""
    name = node.get("name", {})
    visible = name.get("kind") == "lot" and names.sees.lot(Ref(name["issuer"], name["id"]).key)
    return flask.url_for("lots.one", uid=name["uid"]) if visible else ""


def _not_yet(asked: Ask, uid: str) -> Response:
    """A lot that is on record now and was not at the time asked for; any other answers as what does not exist."""
    if asked.as_of is None:
        raise NotFound("there is no such lot")
    lot = services.figures.lot(Ask(asked.viewer), uid)
    return flask.make_response(flask.render_template("lot_not_yet.html", lot=lot, as_of=text("as_of", 40)), 404)


def _headline(world: World, key: str) -> View:
    """A visible lot's total and basis, read from the solved chain without walking it (no figure in a cycle)."""
    node = world.snapshot.lots[key]
    unit = f"kgCO2e/{CANONICAL[Dimension(int(world.snapshot.dimension[node]))]}"
    if node >= world.snapshot.ready:
        return {"figure_unit": unit, "total": None, "basis": "unknown", "lower_bound": True}
    vector = world.rolled.chosen[node]
    return {
        "figure_unit": unit,
        "total": float(vector[: UNDIVIDED + 1].sum()) if vector[KNOWN] > 0 else None,
        "basis": Basis(int(world.rolled.basis[node])).label,
        "lower_bound": bool(vector[GAP] > 0),
    }
