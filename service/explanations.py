"""How a lot's number comes about, as far as the viewer may look into it.

Who may not see a process sees that there is one, and no quantity that goes into it or comes out of it.
"""

from collections.abc import Callable
from typing import Any

from graph.rollup.closure import NodeName
from graph.rollup.explanation import Emitted, Explained, Explanation
from graph.units import CANONICAL

View = dict[str, Any]


def explained(
    found: Explanation,
    visible: Callable[[NodeName], bool],
    named: Callable[[NodeName], View],
    ids: dict[int, str],
) -> View:
    """The nodes that the viewer may see, numbered as they are reached; ``ids``: documents by index that may be seen."""
    seen = _reached(found, visible)
    number = {node: place for place, node in enumerate(seen)}
    nodes = [_node(found.nodes[i], number, named, ids) | {"number": number[i]} for i in seen]
    return {"nodes": nodes, "truncated": found.truncated}


def _reached(found: Explanation, visible: Callable[[NodeName], bool]) -> list[int]:
    """What one comes to from the lot without passing through what is not disclosed; the lot itself always."""
    seen = [0]
    for node in seen:
        below = [term.source for term in found.nodes[node].terms if term.source is not None]
        seen += [i for i in dict.fromkeys(below) if i not in seen and visible(found.nodes[i].name)]
    return seen


def _node(node: Explained, number: dict[int, int], named: Callable[[NodeName], View], ids: dict[int, str]) -> View:
    told = node.total is not None and not (node.lower_bound and node.total == 0)
    shown = [term for term in node.terms if term.source in number]
    documents = [ids[i] for i in node.documents if i in ids]
    return {
        "name": named(node.name),
        "basis": node.basis.label,
        "total": node.total if told else None,
        "unit": "kgCO2e" if node.dimension is None else f"kgCO2e/{CANONICAL[node.dimension]}",
        "lower_bound": node.lower_bound,
        "stated": node.stated,
        "terms": [{"source": number[t.source], "amount": t.amount} for t in shown if t.source is not None],
        "emitted": [_emitted(one) for one in node.emitted],
        "undisclosed": len(node.terms) - len(shown),
        "documents": {"ids": documents, "undisclosed": len(node.documents) - len(documents)},
    }


def _emitted(one: Emitted) -> View:
    return {"name": one.name, "value": one.value, "default": one.default}
