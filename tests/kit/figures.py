"""Figures straight from the graph, for tests that are about what was stated and not about who may see it."""

from __future__ import annotations

from graph.model.refs import Ref
from graph.rollup import figure
from graph.rollup.figure import Figure
from graph.store.database import Database
from service.chain import Chain


def footprint(database: Database, issuer: str, lot: str, as_of: int | None = None) -> Figure:
    """The footprint of a lot, read anew."""
    world = Chain(database, "default").world(as_of)
    return figure.footprint(world.snapshot, world.rolled, Ref(issuer, lot).key)


def total(database: Database, issuer: str, lot: str, as_of: int | None = None) -> float:
    """Its total, kgCO2e a kilogram."""
    found = footprint(database, issuer, lot, as_of).total
    assert found is not None
    return found
