"""A chain written down in a few words: rows for the roll-up without a store."""

from typing import Any

from graph.model.factors import FactorSet
from graph.model.facts import Stated
from graph.model.refs import fact_id
from graph.model.tables import TABLES, ChainTables
from graph.rollup.kernel import Rolled, roll_up
from graph.rollup.policy import Policy, load_policy
from graph.rollup.snapshot import ChainSnapshot, build
from graph.store.fact_rows import rows
from graph.units import Dimension
from schemas.factor_sets import load_factor_set, read_factor_set, shipped

NAN = float("nan")
EMPTY = {str: "", float: NAN, int: 0}
CBAM = "cbam-embedded"


class Book:
    """Facts, one document each unless told otherwise; keys are `issuer|id`.

    `published`: the factor sets that come with the program are in force, of documents before the first.
    """

    def __init__(self, *, published: bool = True) -> None:
        self.tables = ChainTables()
        self.index = -1
        self.fid = -1
        for position, file in enumerate(shipped() if published else ()):
            self.holds(fact_id(-1, position), read_factor_set(file, "urn:operator"))

    def holds(self, fid: int, found: FactorSet) -> None:
        """The rows of a set of published factors, as this fact."""
        for values in rows(Stated(0, found, ""), found.ref.issuer, 0, True).activities:
            self.row("factors", **values | {"fid": fid})

    def publishes(self, name: str, *factors: dict[str, Any], **values: Any) -> int:
        """A set of factors in a document of its own; of grid regions in kgCO2e/kWh unless told otherwise."""
        index = self.document(signed=False)
        given = {"kind": "grid", "unit": "kgCO2e/kWh", "year": 2024, "boundary": "", "title": name, "source": name}
        told = {"name": name, "version": "1", "rows": list(factors)} | given | values
        self.holds(self.fid, load_factor_set(told, "urn:operator"))
        return index

    def row(self, table: str, **values: Any) -> None:
        for name, kind in TABLES[table].items():
            if name in ("fid", "assurance") and name not in values:
                values[name] = self.fid if name == "fid" else ""
            self.tables.rows[table][name].append(values.get(name, EMPTY[kind]))

    def document(self, signed: bool = True, position: int = 0) -> int:
        """Start the next document; rows that follow belong to its fact."""
        self.index += 1
        self.tables.head = self.index
        self.fid = fact_id(self.index, position)
        found = {"id": f"sha{self.index}", "signed": int(signed), "received_at": float(self.index)}
        self.row("documents", index=self.index, **found)
        return self.index

    def product(self, key: str, **values: Any) -> str:
        self.document()
        self.row("products", key=key, **{"dimension": Dimension.MASS, "kg_per_unit": 1.0, **values})
        return key

    def process(self, key: str, *, signed: bool = True, **values: Any) -> str:
        """Start a process fact; consumes, emits and makes belong to it until the next document."""
        self.document(signed)
        self.row("processes", key=key, **{"start": 0.0, "end": 100.0, "boundary": CBAM, **values})
        self.current = key
        return key

    def consumes(self, target: str, quantity: float, kind: str = "lot", **values: Any) -> None:
        given = {"dimension": Dimension.MASS, "role": "material", **values}
        self.row("inputs", process=self.current, kind=kind, target=target, quantity=quantity, **given)

    def emits(self, quantity: float, factor: float = 1.0, **values: Any) -> None:
        given = {"name": "own", "type": "combustion", "scope": "direct", "multiplier": 1.0, **values}
        given.setdefault("dimension", Dimension.MASS)
        self.row("activities", process=self.current, quantity=quantity, factor=factor, **given)

    def power(self, kwh: float, per_kwh: float = NAN, **values: Any) -> None:
        given = {"name": "electricity", "type": "electricity", "scope": "indirect", **values}
        self.emits(kwh * 3.6, per_kwh / 3.6, dimension=Dimension.ENERGY, **given)

    def makes(self, quantity: float, product: str = "", output: str = "o", **values: Any) -> None:
        given = {"dimension": Dimension.MASS, "allocation": "mass", **values}
        self.row("outputs", process=self.current, output=output, product=product, quantity=quantity, **given)

    def lot(self, key: str, source: str = "", *, signed: bool = True, **values: Any) -> str:
        """A lot, drawn from the output `o` of a process unless its sources are added by hand."""
        self.document(signed)
        given = {"quantity": 1.0, "dimension": Dimension.MASS, "produced_at": 50.0, **values}
        output = given.pop("output", "o")
        self.row("lots", key=key, **given)
        if source:
            self.draws(key, source, given["quantity"], dimension=given["dimension"], output=output)
        return key

    def draws(self, lot: str, source: str, quantity: float, kind: str = "output", **values: Any) -> None:
        given = {"dimension": Dimension.MASS, "output": "o" if kind == "output" else "", **values}
        self.row("lot_sources", lot=lot, kind=kind, source=source, quantity=quantity, **given)

    def footprint(self, subject: str, total: float = NAN, *, signed: bool = True, **values: Any) -> int:
        index = self.document(signed)
        given = {"subject_kind": "lot", "dimension": Dimension.MASS, "gwp": "AR6", "boundary": CBAM, **values}
        self.row("footprints", subject=subject, undivided=total, **given)
        return index

    def content(self, subject: str, *, signed: bool = True, **values: Any) -> int:
        index = self.document(signed)
        self.row("contents", subject=subject, **{"subject_kind": "lot", "basis": "mass", **values})
        return index

    def moved(self, lot: str, receiver: str, quantity: float, transport: float, **values: Any) -> None:
        self.document()
        given = {"key": f"t{self.index}", "dimension": Dimension.MASS, **values}
        self.row("transfers", lot=lot, receiver=receiver, quantity=quantity, transport=transport, **given)

    def rolled(self, at: int | None = None, policy: Policy | None = None) -> tuple[ChainSnapshot, Rolled]:
        snapshot = build(self.tables, self.index if at is None else at, policy or load_policy())
        return snapshot, roll_up(snapshot)
