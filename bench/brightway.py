"""The same linear system solved by Brightway (bw2calc), from a data package in memory."""

import importlib
import importlib.util
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from graph.rollup.snapshot import ChainSnapshot

_FLOW = 1_000_000_001  # the id of the one emission


@dataclass(frozen=True, slots=True)
class Solved:
    """By which solver; the score of one unit, seconds for inventory and impact, and for reading the data before."""

    solver: str
    score: float
    seconds: float
    prepared: float


def installed() -> bool:
    """Whether the bench extra is there."""
    return importlib.util.find_spec("bw2calc") is not None


def solve(snapshot: ChainSnapshot, node: int) -> Iterator[Solved]:
    """Total emissions of one unit of a node: nodes are activities, coefficients their inputs.

    By SuperLU, and by PARDISO where pypardiso is installed: which one bw2calc takes it decides when it is imported.
    """
    sys.modules["pypardiso"] = None  # type: ignore[assignment]  # what Python takes for "cannot be imported"
    yield _solved("SuperLU", snapshot, node)
    del sys.modules["pypardiso"]
    for name in [name for name in sys.modules if name.partition(".")[0] == "bw2calc"]:
        del sys.modules[name]
    if importlib.util.find_spec("pypardiso") is not None and _brightway().PYPARDISO:
        yield _solved("PARDISO", snapshot, node)


def _brightway() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it would have one install the other solver
        return importlib.import_module("bw2calc")


def _solved(solver: str, snapshot: ChainSnapshot, node: int) -> Solved:
    bw2calc = _brightway()
    started = time.perf_counter()
    lca = bw2calc.LCA(demand={node + 1: 1.0}, data_objs=[_package(snapshot)])
    lca.load_lci_data()
    lca.load_lcia_data()
    prepared = time.perf_counter()
    lca.build_demand_array()
    lca.lci_calculation()
    lca.lcia_calculation()
    return Solved(solver, float(lca.score), time.perf_counter() - prepared, prepared - started)


def _package(snapshot: ChainSnapshot) -> object:
    import bw_processing  # noqa: PLC0415

    count = len(snapshot.kind)
    nodes = np.arange(1, count + 1)
    users = np.repeat(nodes, np.diff(snapshot.indptr))
    inputs = snapshot.indices + 1
    flip = np.concatenate([np.zeros(count, bool), np.ones(len(users), bool)])
    package = bw_processing.create_datapackage()
    package.add_persistent_vector(
        matrix="technosphere_matrix",
        name="chain",
        indices_array=_indices(np.concatenate([nodes, inputs]), np.concatenate([nodes, users])),
        data_array=np.concatenate([np.ones(count), snapshot.emissions]),
        flip_array=flip,
    )
    package.add_persistent_vector(
        matrix="biosphere_matrix",
        name="own",
        indices_array=_indices(np.full(count, _FLOW), nodes),
        data_array=snapshot.own[:, :3].sum(axis=1),
    )
    package.add_persistent_vector(
        matrix="characterization_matrix",
        name="unit",
        indices_array=_indices(np.array([_FLOW]), np.array([_FLOW])),
        data_array=np.ones(1),
    )
    return package


def _indices(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    import bw_processing  # noqa: PLC0415

    made = np.empty(len(rows), dtype=bw_processing.INDICES_DTYPE)
    made["row"], made["col"] = rows, columns
    return made
