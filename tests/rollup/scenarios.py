"""What-if questions about a chain of the tests, in a few words."""

import numpy as np
import pytest

from graph.rollup.asking import stated
from graph.rollup.nodes import NodeKind
from graph.rollup.scenarios import Asked, Source, Switch, prepare
from graph.rollup.whatif import what_if
from tests.rollup.rollup_book import Book

MJ = 3.6


class Asking:
    """Questions about one chain, by somebody who may look into all of it unless told otherwise."""

    def __init__(self, book, policy=None):
        self.snapshot, self.rolled = book.rolled(policy=policy)
        self.prepared = prepare(self.snapshot, self.rolled)
        self.names = self.snapshot.attributes.organizations

    def node(self, key, kind=NodeKind.LOT):
        return next(n for n, k in enumerate(self.snapshot.key) if k == key and self.snapshot.kind[n] == kind)

    def asked(self, *lots, amounts=None, open_to=None, minimum=0):
        may = np.array([open_to is None or name in open_to for name in self.names], np.bool_)
        roots = np.array([self.snapshot.lots[lot] for lot in lots], np.int64)
        return Asked(roots, np.ones(len(lots)) if amounts is None else np.array(amounts), may, minimum)

    def what_if(self, lot, *scenarios, **more):
        return what_if(self.prepared, self.asked(lot, **more), scenarios)

    def switch(self, old, source=None, scale=1.0, kind=NodeKind.LOT):
        nodes = [n for n, k in enumerate(self.snapshot.key) if k == old and self.snapshot.kind[n] == kind]
        return Switch(np.array(nodes, np.int64), source, scale)

    def lot(self, key):
        node, none = self.node(key), np.zeros(self.snapshot.own.shape[1])
        product, dimension = int(self.snapshot.product[node]), int(self.snapshot.dimension[node])
        return Source(product, dimension, np.array([node]), np.ones(1), none)

    def published(self, material, country):
        factor = self.snapshot.policy.material_default(material, "", country)
        return self.vector(factor.value, default=factor)

    def vector(self, total, default=None):
        none = np.zeros(0, np.int64)
        return Source(-1, 1, none, np.zeros(0), stated(total, self.snapshot.own.shape[1], default=default))


def near(value):
    return pytest.approx(value, rel=1e-9)


def carried() -> tuple[Asking, str]:
    """Two units of a lot of b, made of four of a lot of a (1 kgCO2e each), whose legs emit 5 kgCO2e a unit."""
    book = Book()
    book.process("urn:a|p", boundary="cradle-to-gate")
    book.emits(10.0)
    book.makes(10.0)
    book.lot("urn:a|l", "urn:a|p", quantity=10.0)
    book.moved("urn:a|l", "urn:b", 10.0, 5.0)
    book.process("urn:b|p", boundary="cradle-to-gate")
    book.consumes("urn:a|l", 4.0)
    book.makes(2.0)
    lot = book.lot("urn:b|l", "urn:b|p", quantity=2.0)
    return Asking(book), lot
