"""Which lots a viewer may see among as many as there are: whole columns at a time, not one lot after another."""

from bisect import bisect_right
from collections.abc import Iterator

from graph.rollup.arrays import BoolArray
from graph.rollup.names import Texts
from service.chain import World
from service.visibility import Sight


def seen(keys: Texts, sees: Sight) -> BoolArray:
    """Of which of some lots the viewer may see what was disclosed about them, as ``Sight.lot`` says of one."""
    return keys.issued_by((sees.organization, *sees.granted_by)) | keys.among(sees.received | sees.granted_lots)


def lots_from(world: World, sees: Sight, after: str, search: str) -> Iterator[str]:
    """The visible lots by key, above ``after``, of which something may hold ``search`` (casefolded): none is left out
    whose id, issuer, product or material does."""
    keys = Texts(world.snapshot.lots.pool, world.snapshot.lots.codes)
    keys = keys.where(seen(keys, sees))
    keys = keys[bisect_right(range(len(keys)), after, key=keys.__getitem__) :]
    return _holding(world, keys, search) if search else (keys[at] for at in range(len(keys)))


def _holding(world: World, keys: Texts, search: str) -> Iterator[str]:
    """A bar between issuer and id is no part of either, so that what is searched for may hold one."""
    told = (world.product_names, world.product_materials)
    products = {product for names in told for product, name in names.items() if search in name.casefold()}
    parts = search.split("|")
    for key in keys:
        folded = key.casefold()
        if all(part in folded for part in parts) or world.product_of(key) in products:
            yield key
