"""Certificates as a viewer may see them: of the organization and site behind a lot or product, and all of one's own.

Who sees an organization's facts sees all certificates that it holds; so does who issued them. Who was passed a lot sees
those that the lot's issuer holds as a whole: they speak for the sender, and name no site.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Any

from graph.model.refs import Kind, Ref, uid
from graph.model.tables import ChainTables
from graph.rollup.certificates import UNACCREDITED, Certified, certificates, last_received
from graph.rollup.rows import of_table
from graph.store.database import Database
from graph.store.documents import documents_at
from schemas.documents import moment
from service.chain import Chain, World
from service.figures import Ask, Figures
from service.visibility import Sight

View = dict[str, Any]

# Of one lot or product; what nobody answerable has said stands last, as anybody may say it.
MOST = 200


@dataclass(frozen=True, slots=True)
class Certificates:
    """Reads certificates. ``clock``: seconds since the epoch."""

    database: Database
    chain: Chain
    figures: Figures
    clock: Callable[[], float] = time.time

    def of_lot(self, ask: Ask, address: str) -> View:
        """Those of a lot's issuer and of the sites that it comes from. Raises ``NotFound``, ``AsOfUnknown``."""
        world, key = self.figures.lot_asked(ask, address)
        sources = of_table(world.tables, "lot_sources", world.snapshot.as_of).about("lot", [key])
        made = set(sources.where(sources.are("kind", "output")).text("source"))
        return self._about(ask, world, Ref.from_key(key).issuer, _sites(world, made))

    def of_product(self, ask: Ask, address: str) -> View:
        """Those of a product's issuer and of the sites that make it. Raises ``NotFound``, ``AsOfUnknown``."""
        world, key = self.figures.product_asked(ask, address)
        made = set(of_table(world.tables, "outputs", world.snapshot.as_of).about("product", [key]).text("process"))
        return self._about(ask, world, Ref.from_key(key).issuer, _sites(world, made))

    def visible(self, ask: Ask, holder: str, after: int, limit: int) -> tuple[View, int]:
        """Those that the viewer holds, issued or may see by a grant, behind a fact; and the last one's, 0 at the end.

        ``holder``: of one organization, "" for all. Raises ``AsOfUnknown``.
        """
        world, sees = self.chain.world(ask.as_of, ask.policy), self.chain.sight(ask.viewer)
        when, every = self._all(ask, world, self.chain.tables())
        found = [
            c
            for c in every
            if c.fid > after and holder in ("", c.holder) and (sees.facts_of(c.holder) or sees.facts_of(c.issuer))
        ]
        return self._view(found[:limit], when, world, sees), found[limit - 1].fid if len(found) > limit else 0

    def _about(self, ask: Ask, world: World, holder: str, sites: set[str]) -> View:
        sees = self.chain.sight(ask.viewer)
        places = {"", *sites} if sees.facts_of(holder) else {""}
        when, every = self._all(ask, world, self.chain.certified(holder, world.snapshot.as_of))
        found = [c for c in every if c.holder == holder and c.facility in places]
        found.sort(key=lambda c: c.state in ("unsigned", UNACCREDITED))
        return self._view(found[:MOST], when, world, sees)

    def _all(self, ask: Ask, world: World, tables: ChainTables) -> tuple[float, tuple[Certified, ...]]:
        """The moment at which they are judged, and all certificates: by the present, or by the ledger of the past."""
        at = world.snapshot.as_of
        when = self.clock() if ask.as_of is None else last_received(tables, at)
        return when, certificates(tables, at, world.snapshot.policy.recognised, when)

    def _view(self, found: list[Certified], when: float, world: World, sees: Sight) -> View:
        indexes = sorted({c.document for c in found})
        disclosed = self.chain.disclosed(sees, indexes)
        documents = self.database.read(documents_at, indexes)
        ids = {d.index: d.id for d in documents if sees.document(d, disclosed)}
        judged = {"judged_at": moment(when)} if isfinite(when) else {}
        return {"data": [_shown(c, ids) for c in found], "as_of": world.snapshot.as_of, **judged}


def _shown(found: Certified, documents: dict[int, str]) -> View:
    view: View = {n: getattr(found, n) for n in ("scheme", "number", "issuer", "holder")}
    view |= {"valid_from": moment(found.start), "valid_to": moment(found.end), "status": found.state}
    if found.facility:
        site = Ref.from_key(found.facility)
        name = {"kind": "facility", "uid": uid(Kind.FACILITY, found.facility), "issuer": site.issuer, "id": site.id}
        view["facility"] = name
    return view | ({"document": documents[found.document]} if found.document in documents else {})


def _sites(world: World, processes: set[str]) -> set[str]:
    return set(of_table(world.tables, "processes", world.snapshot.as_of).about("key", processes).text("facility"))
