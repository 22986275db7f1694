"""Pages for suppliers: their signing keys, and a form whose declaration is signed in the browser.

The server never sees a private key: ``static/keyring.js`` makes it with WebCrypto, keeps it in the browser, and signs.
What it signs goes through the same API as everybody's documents.
"""

import json
from typing import Any

import flask

from graph.store.keys import StoredKey
from schemas.facts import BOUNDARIES, GWP_SETS
from service.auth.roles import Permission
from service.auth.viewers import allowed, current_viewer
from service.context import services
from service.figures import Ask
from service.web import words

_CURVES = {"Ed25519": "Ed25519", "P-256": "P-256 (ES256)"}
_SUGGESTED_LOTS = 200

blueprint = flask.Blueprint("key_pages", __name__)


@blueprint.get("/keys")
@allowed(Permission.READ_CHAIN)
def index() -> str:
    """The organization's keys, and a way to make one in the browser."""
    viewer = current_viewer()
    return flask.render_template(
        "keys.html",
        keys=[_shown(key) for key in reversed(services.keys.of(viewer.organization))],
        organization=viewer.organization,
        name=_own_name(),
        may_register=viewer.may(Permission.REGISTER_KEYS),
        may_sign=viewer.may(Permission.SUBMIT_DOCUMENTS),
    )


@blueprint.get("/sign")
@allowed(Permission.SUBMIT_DOCUMENTS)
def sign() -> str:
    """A form for one footprint, signed here and handed in."""
    viewer = current_viewer()
    keys = [key for key in services.keys.of(viewer.organization) if key.revoked is None]
    return flask.render_template(
        "sign.html",
        keys=[_shown(key) for key in reversed(keys)],
        organization=viewer.organization,
        name=_own_name(),
        lots=_own_lots(viewer.organization),
        boundaries=[(code, words.boundary(code)) for code in BOUNDARIES],
        gwp_sets=[(code, words.GWP.get(code, code)) for code in GWP_SETS],
    )


def _own_name() -> str:
    """What the account says that the organization is called; a newcomer has not described itself yet."""
    viewer = current_viewer()
    account = services.accounts.find(viewer.principal)
    return account.organization_name if account and account.organization_name else viewer.organization


def _shown(key: StoredKey) -> dict[str, Any]:
    curve = str(json.loads(key.jwk).get("crv", ""))
    return {"stored": key, "curve": _CURVES.get(curve, curve or "RSA")}


def _own_lots(organization: str) -> list[str]:
    """Ids of lots of the organization, to choose from while typing."""
    found = services.figures.lots(Ask(current_viewer()), "", f"{organization}|", _SUGGESTED_LOTS)
    return [view["id"] for _, view in found if view["issuer"] == organization]
