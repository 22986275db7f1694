"""What changed in a figure since then, and who changed it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graph.model.documents import StoredDocument
from graph.model.refs import Kind, Ref, uid
from graph.rollup.changes import Changes, Step, changes
from graph.rollup.figure import Figure, footprint
from graph.store.database import Database
from graph.store.documents import documents_at
from graph.units import CANONICAL
from schemas.documents import moment
from service.chain import AsOfUnknown, Chain
from service.figures import Ask, Figures
from service.visibility import Sight, factors_withheld

View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Differences:
    """A lot's figure as of two points of the ledger, and the documents in between."""

    database: Database
    chain: Chain
    figures: Figures

    def of_lot(self, ask: Ask, address: str, since: int) -> View:
        """From ledger index ``since`` to ``ask.as_of``. Raises ``NotFound``, ``AsOfUnknown``."""
        world, key = self.figures.lot_asked(ask, address)
        last = world.snapshot.as_of
        if not -1 <= since < last:
            raise AsOfUnknown(f"since must lie before {last}")

        def at(index: int) -> Figure:
            past = world if index == last else self.chain.around([(Kind.LOT, key)], index, ask.policy, ask.gwp)
            return footprint(past.snapshot, past.rolled, key)

        ref = Ref.from_key(key)
        named = {"kind": "lot", "uid": uid(Kind.LOT, key), "issuer": ref.issuer, "id": ref.id}
        return {"subject": named} | self.between(ask, since, last, at, about=key)

    def between(self, ask: Ask, first: int, last: int, figure_at: Callable[[int], Figure], *, about: str) -> View:
        """The changes of any figure between two ledger indices, as far as the viewer may know who made them.

        ``about``: key of the lot or product.
        """
        found = changes(self.chain.ended, first, last, figure_at)
        named = self._named(found, self.chain.sight(ask.viewer).about(about))
        known = found.after or found.before
        return {
            "unit": f"kgCO2e/{CANONICAL[known.dimension]}" if known else "",
            "from": _end(found.first, found.before),
            "to": _end(found.last, found.after),
            "change": found.change,
            "steps": [_step(step, named) for step in found.steps],
        }

    def _named(self, found: Changes, sees: Sight) -> dict[int, View]:
        """Who handed in what and when, as far as the viewer may know, by ledger index."""
        ends = [end for end in (found.before, found.after) if end]
        kept = factors_withheld(sees, tuple(pair for end in ends for pair in end.published))
        indexes = [index for step in found.steps for index in step.documents if index not in kept]
        disclosed = self.chain.disclosed(sees, indexes)
        documents = self.database.read(documents_at, indexes)
        return {d.index: _document(d) for d in documents if sees.document(d, disclosed)}


def _document(document: StoredDocument) -> View:
    named = {"id": document.id, "issuer": document.issuer}
    return {"ledger_index": document.index, "received_at": moment(document.received_at), **named}


def _end(index: int, found: Figure | None) -> View:
    if found is None:
        return {"as_of": index, "total": None, "basis": "unknown", "lower_bound": True}
    return {"as_of": index, "total": found.total, "basis": found.basis.label, "lower_bound": found.lower_bound}


def _step(step: Step, named: dict[int, View]) -> View:
    shown = [named[index] for index in step.documents if index in named]
    return {
        "documents": shown,
        "undisclosed": len(step.documents) - len(shown),
        "total": step.total,
        "change": step.change,
        "basis": step.basis,
        "lower_bound": step.lower_bound,
    }
