"""Pages for suppliers: their signing keys, and a form whose declaration is signed in the browser.

The server never sees a private key: ``static/keyring.js`` makes it with WebCrypto, keeps it in the browser, and signs.
What it signs goes through the same API as everybody's documents.
"""

import json
import time
from datetime import UTC, datetime
from typing import Any

import flask
from werkzeug.wrappers import Response

from graph.model.refs import Kind, Ref
from graph.model.standing import REVOCATION_REASONS
from graph.rollup.rows import of_table
from graph.store.keys import StoredKey
from graph.units import CANONICAL, Dimension
from schemas.facts import BOUNDARIES, GWP_SETS
from service.auth.roles import Permission
from service.auth.viewers import allowed, current_viewer
from service.chain import World
from service.context import services
from service.figures import Ask
from service.lazily import BeyondMemory
from service.web import words
from service.web.numbers import readable_amount
from service.web.queries import text

_CURVES = {"Ed25519": "Ed25519", "P-256": "P-256 (ES256)"}
_SUGGESTED_LOTS, _NAMED = 200, 10

blueprint = flask.Blueprint("key_pages", __name__)


@blueprint.get("/keys")
@allowed(Permission.READ_CHAIN)
def index() -> str:
    """The organization's keys, and a way to make one in the browser."""
    viewer, now = current_viewer(), time.time()
    keys = list(reversed(services.keys.of(viewer.organization)))
    return flask.render_template(
        "keys.html",
        keys=[_shown(key) for key in keys],
        signing=[key.thumbprint for key in keys if _signs(key, now)],
        revocable=[key.thumbprint for key in keys if (not key.jwk and key.revoked is None) or _signs(key, now)],
        reasons=[(code, words.REVOCATIONS.get(code, code)) for code in REVOCATION_REASONS],
        today=datetime.now(UTC).date().isoformat(),
        organization=viewer.organization,
        name=_own_name(),
        may_register=viewer.may(Permission.REGISTER_KEYS),
        may_sign=viewer.may(Permission.SUBMIT_DOCUMENTS),
    )


@blueprint.get("/sign")
@allowed(Permission.SUBMIT_DOCUMENTS)
def sign() -> str:
    """A form for one footprint, signed here and handed in."""
    viewer, now = current_viewer(), time.time()
    keys = [key for key in reversed(services.keys.of(viewer.organization)) if _signs(key, now)]
    return flask.render_template(
        "sign.html",
        keys=[key.thumbprint for key in keys],
        organization=viewer.organization,
        name=_own_name(),
        lots=_own_lots(viewer.organization),
        boundaries=[(code, words.boundary(code)) for code in BOUNDARIES],
        gwp_sets=[(code, words.GWP.get(code, code)) for code in GWP_SETS],
    )


@blueprint.get("/sign/<any(lot, product):about>")
@allowed(Permission.SUBMIT_DOCUMENTS)
def subject(about: str) -> Response:
    """What is on record of a lot or product of the organization, so that a slip is seen before it is signed.

    ``described``; ``named``: others' or earlier documents name it; ``unit``: that people read its amounts in, "" where
    unknown; ``yours``: what is described, the first few, and how many there are, null where the chain is not in memory.
    """
    organization = current_viewer().organization
    key = Ref(organization, text("id", 200)).key
    try:
        world, whole = services.chain.world(), True
    except BeyondMemory:
        world, whole = services.chain.around([(Kind(about), key)]), False
    units = _own_units(world, about, organization)
    yours = sorted(units) if whole else []
    return flask.jsonify(
        described=key in units,
        named=about == "lot" and key in world.snapshot.lots,
        unit=units.get(key, ""),
        yours=[Ref.from_key(one).id for one in yours[:_NAMED]],
        count=len(yours) if whole else None,
    )


def _own_units(world: World, about: str, organization: str) -> dict[str, str]:
    """The unit of each lot or product that an organization has described, by key."""
    rows = of_table(world.tables, f"{about}s", world.snapshot.as_of).issued("key", [organization])
    amounts = rows.floats("quantity").tolist() if about == "lot" else [1.0] * len(rows)
    dimensions = (CANONICAL[Dimension(d)] for d in rows.ints("dimension").tolist())
    return {key: readable_amount(*one)[1] for key, *one in zip(rows.text("key"), amounts, dimensions, strict=True)}


def _own_name() -> str:
    """What the account says that the organization is called; a newcomer has not described itself yet."""
    viewer = current_viewer()
    account = services.accounts.find(viewer.principal)
    return account.organization_name if account and account.organization_name else viewer.organization


def _signs(key: StoredKey, now: float) -> bool:
    """A registered DID is no key: the keys of its document sign."""
    return bool(key.jwk) and key.revoked is None and (key.retires is None or now < key.retires)


def _shown(key: StoredKey) -> dict[str, Any]:
    curve = str(json.loads(key.jwk).get("crv", "RSA")) if key.jwk else "did:web"
    return {"stored": key, "curve": _CURVES.get(curve, curve), "signs": not key.jwk or _signs(key, time.time())}


def _own_lots(organization: str) -> list[str]:
    """Ids of lots of the organization, to choose from while typing; none where the chain is not in memory."""
    try:
        found = services.figures.lots(Ask(current_viewer()), "", f"{organization}|", _SUGGESTED_LOTS)
    except BeyondMemory:
        return []
    return [view["id"] for _, view in found if view["issuer"] == organization]
