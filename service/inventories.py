"""The inventories of a facility, held against what was accounted for, for who may see all facts of its operator."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from graph.model.refs import Kind, Ref, uid
from graph.rollup.inventories import Compared
from graph.rollup.rows import documents_at, of_table
from schemas.documents import moment
from service.chain import Chain, NotFound, World
from service.figures import Ask

View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Inventories:
    """Reads inventories."""

    chain: Chain

    def of_facility(self, ask: Ask, address: str) -> View:
        """All of a facility that are in force: by its address, or its own organization by the id that it gave it.

        Raises ``NotFound``, ``AsOfUnknown``.
        """
        world, key = self.chain.world(ask.as_of, ask.policy, ask.gwp), self._key(ask, address)
        policy = world.snapshot.policy
        found = [c for c in world.snapshot.inventories if c.inventory.facility == key]
        ids = _documents(world, found)
        return {
            "subject": _name(Kind.FACILITY, key),
            "data": [_shown(c) | {"document": ids[c.inventory.document]} for c in found],
            "materiality": policy.materiality,
            "policy": f"{policy.name}/{policy.version}",
            "as_of": world.snapshot.as_of,
        }

    def _key(self, ask: Ask, address: str) -> str:
        sees, tables = self.chain.sight(ask.viewer), self.chain.tables()
        open_to, named = (sees.organization, *sees.granted_by), Ref(sees.organization, address).key
        for table, column in (("facilities", "key"), ("inventories", "facility")):
            for key in of_table(tables, table, tables.head).issued(column, open_to).text(column):
                if key == named or uid(Kind.FACILITY, key) == address:
                    return key
        raise NotFound("there is no such facility")


def _documents(world: World, found: Iterable[Compared]) -> dict[int, str]:
    rows = documents_at(world.tables, [c.inventory.document for c in found])
    return dict(zip(rows.ints("index").tolist(), rows.text("id"), strict=True))


def _name(kind: Kind, key: str) -> View:
    ref = Ref.from_key(key)
    return {"kind": kind.value, "uid": uid(kind, key), "issuer": ref.issuer, "id": ref.id}


def _shown(found: Compared) -> View:
    stated = found.inventory
    return {
        "id": Ref.from_key(stated.key).id,
        "period": {"start": moment(stated.start), "end": moment(stated.end)},
        "direct": stated.direct,
        "indirect": stated.indirect,
        "indirect_method": stated.method,
        "gwp": stated.gwp,
        "boundary": stated.boundary,
        "signed": stated.signed,
        "outcome": found.outcome.value,
        "compared": "total" if found.whole else "direct",
        "accounted_least": found.least,
        "accounted_most": found.most,
        "amount": found.amount,
        "share": found.share,
        "processes": found.processes,
        "lots": found.lots,
        "spanning": [_plain("process", key) for key in found.spanning],
        "gaps": [_plain(gap.kind, gap.key) | {"reason": gap.reason} for gap in found.gaps],
        "gap_count": found.gap_count,
    }


def _plain(kind: str, key: str) -> View:
    ref = Ref.from_key(key)
    return {"kind": kind, "issuer": ref.issuer, "id": ref.id}
