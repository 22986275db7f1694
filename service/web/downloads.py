"""What one takes away from the page of a lot: each of its tables, as CSV or as JSON, as far as one may see it."""

import re
from functools import cache

import flask
from werkzeug.wrappers import Response

from service.auth.roles import Permission
from service.auth.viewers import allowed
from service.context import services
from service.figures import Ask
from service.web import words
from service.web.queries import asked, text
from service.web.tables import TABLES, Table, View

blueprint = flask.Blueprint("downloads", __name__)


@blueprint.get("/lots/<uid>/tables/<name>.<any(csv, json):form>")
@allowed(Permission.READ_CHAIN)
def table(uid: str, name: str, form: str) -> Response:
    """One table, all its rows; 404 for a lot or a table that there is not."""
    by = text("by", 20) or "organization"
    if name not in TABLES or by not in words.BREAKDOWNS:
        flask.abort(404)
    ask, figures = asked(), services.figures
    lot = figures.lot(ask, uid)
    found = TABLES[name](cache(lambda view: getattr(figures, view)(ask, uid)), by)
    about = {"lot": lot["id"], "issuer": lot["issuer"], "table": name}
    what = f"{name}-by-{by}" if name == "contributions" else name
    return attached(found, form, about, ask, f"{lot['id']}-{what}")


def attached(found: Table, form: str, about: View, ask: Ask, name: str) -> Response:
    """A table as a file that says by what it was counted; ``form``: csv or json."""
    about = about | {"title": found.title, **_counted(ask)}
    if form == "json":
        response: Response = flask.jsonify(about | {"columns": list(found.columns), "rows": found.records()})
    else:
        response = flask.make_response(found.csv())
        response.mimetype = "text/csv"
    # In letters that every header and file system takes.
    file = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{name}-index-{about['as_of']}")
    response.headers["Content-Disposition"] = f'attachment; filename="{file}.{form}"'
    return response


def _counted(ask: Ask) -> View:
    """By what it was counted."""
    policy = services.chain.policy(ask.policy, ask.gwp)
    return {"policy": f"{policy.name}/{policy.version}", "gwp": policy.gwp, "as_of": services.chain.at(ask.as_of)}
