"""Which lots a viewer may see among as many as there are: whole columns at a time, not one lot after another."""

from bisect import bisect_right
from collections.abc import Iterator

import numpy as np

from graph.rollup.arrays import BoolArray
from graph.rollup.names import Texts
from service.chain import World
from service.visibility import Sight


def seen(keys: Texts, sees: Sight) -> BoolArray:
    """Of which of some lots the viewer may see what was disclosed about them, as ``Sight.lot`` says of one."""
    pool = keys.pool
    openly = [pool.find(organization) for organization in (sees.organization, *sees.granted_by)]
    named = [pool.find(key) for key in sees.received | sees.granted_lots]
    return np.isin(pool.issuers()[keys.codes], openly) | np.isin(keys.codes, named)


def lots_from(world: World, sees: Sight, after: str, search: str) -> Iterator[str]:
    """The visible lots by key, above ``after``, of which something may hold ``search`` (casefolded): none is left out
    whose id, issuer, product or material does."""
    keys = Texts(world.snapshot.lots.pool, world.snapshot.lots.codes)
    keys = keys.take(np.flatnonzero(seen(keys, sees)))
    keys = keys[bisect_right(range(len(keys)), after, key=keys.__getitem__) :]
    return _holding(world, keys, search) if search else (keys[at] for at in range(len(keys)))


def _holding(world: World, keys: Texts, search: str) -> Iterator[str]:
    """A bar between issuer and id is no part of either, so that what is searched for may hold one."""
    told = (world.product_names, world.product_materials)
    products = {product for names in told for product, name in names.items() if search in name.casefold()}
    parts, of = search.split("|"), world.lot_products
    for key in keys:
        folded = key.casefold()
        if all(part in folded for part in parts) or of.get(key) in products:
            yield key
