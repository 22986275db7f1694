"""Chains in which everything occurs that a rule of the roll-up looks at, at random and close together."""

from __future__ import annotations

import random
from typing import Any

from graph.model.standing import COMPROMISE
from graph.units import Dimension
from tests.rollup.rollup_book import NAN, Book

FIRMS = ("urn:a", "urn:b", "urn:c", "urn:d")
BODY, VERIFIER = "urn:body", "urn:verifier"
RECOGNISED = frozenset({BODY})
MATERIALS = ("", "pig-iron", "aluminium", "hot-rolled-steel", "goods", "goods", "goods")
UNITS = (Dimension.MASS, Dimension.MASS, Dimension.PIECE)
# Values that several state: precise enough to be copied.
VALUES = (1.23456, 1.23456, 2.34567, 3.4)
COUNTRIES = ("", "CN", "DE")


class Wild:
    """A random chain; things are named before they are described, by whoever comes first."""

    def __init__(self, seed: int, size: int = 10) -> None:
        self.rng, self.book = random.Random(seed), Book()
        self.lots = [f"{self.rng.choice(FIRMS)}|l{n}" for n in range(size)]
        self.products = [f"{self.rng.choice(FIRMS)}|p{n}" for n in range(max(3, size // 2))]
        self.processes = [f"{self.of(lot)}|T{n}" for n, lot in enumerate(self.lots)]
        # Some things of two kinds bear one name.
        self.processes[0] = self.lots[-1]
        self.products[0] = self.lots[1]
        self.facilities = [f"{firm}|site" for firm in FIRMS]
        tasks = [
            *(lambda n=n: self.process(n) for n in range(size)),
            *(lambda n=n: self.lot(n) for n in range(size)),
            *(lambda p=p: self.product(p) for p in self.products),
            *(lambda f=f: self.describe(f) for f in FIRMS),
            *([self.footprint] * size),
            *([self.content] * (size // 3)),
            *([self.transfer] * size),
            *([self.end] * (size // 3)),
            *([self.assurance] * (size // 3)),
            *([self.accreditation] * 2),
            *([self.certificate] * 2),
            *([self.factors] * 2),
            *([self.inventory] * (seed % 8 == 0)),
        ]
        self.rng.shuffle(tasks)
        for task in tasks:
            if self.rng.random() < 0.85:
                task()

    def of(self, key: str) -> str:
        return key.partition("|")[0]

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def time(self) -> float:
        return self.rng.choice([NAN, 0.0, 40.0, 60.0, 100.0])

    def describe(self, firm: str) -> None:
        for _ in range(self.rng.randrange(1, 3)):
            self.book.document(self.chance(0.7))
            self.book.row("organizations", key=firm, name=firm, country=self.rng.choice(COUNTRIES))
            if self.chance(0.7):
                given = {"country": self.rng.choice(COUNTRIES), "region": self.rng.choice(["", "CN-EAST"])}
                self.book.row("facilities", key=f"{firm}|site", **given)

    def product(self, key: str) -> None:
        for _ in range(self.rng.randrange(1, 3)):
            kg = self.rng.choice([1.0, 2.5, NAN])
            given = {"material": self.rng.choice(MATERIALS), "hs": self.rng.choice(["", "72083700"])}
            self.book.product(key, dimension=self.rng.choice([*UNITS, 0]), kg_per_unit=kg, **given)

    def quantity(self) -> dict[str, Any]:
        return {"quantity": self.rng.choice([0.5, 1.0, 2.0, 3.3]), "dimension": self.rng.choice(UNITS)}

    def process(self, n: int) -> None:
        for _ in range(1 + self.chance(0.25)):
            self.account(n, self.processes[n])

    def account(self, n: int, key: str) -> None:
        """What somebody says of a process: mostly described as well, and mostly of lots that came before."""
        rng, book = self.rng, self.book
        if self.chance(0.85):
            site = rng.choice(["", *self.facilities])
            given: dict[str, Any] = {"facility": site, "complete": rng.choice([0, 0, 1, 1, -1])}
            given["boundary"] = rng.choice(["", "cradle-to-gate", "cbam-embedded"])
            book.process(key, signed=self.chance(0.7), start=self.time(), end=self.time(), **given)
        else:
            book.document()
            book.current = key
        if self.chance(0.3):
            accounts = rng.choice(["energy", "water", "waste", "energy water"])
            if book.tables.rows["processes"]["fid"] and book.tables.rows["processes"]["fid"][-1] == book.fid:
                book.tables.rows["processes"]["accounts"][-1] = accounts
        self.consume(n)
        self.emit()
        for output in ("o", "p")[: rng.randrange(1, 3)]:
            own = [product for product in self.products if self.of(product) == self.of(key)]
            made = rng.choice(["", *self.products, *own, *own, *own])
            book.makes(rng.uniform(1, 5), made, output, allocation="mass", dimension=rng.choice(UNITS))

    def consume(self, n: int) -> None:
        rng, book = self.rng, self.book
        before = self.lots[:n] if self.chance(0.97) else self.lots
        for lot in rng.sample(before, min(len(before), rng.randrange(3))):
            given = self.quantity() | {"role": rng.choice(["material", "fuel"])}
            book.consumes(lot, given.pop("quantity"), **given)
        if self.chance(0.5):
            period = {} if self.chance(0.4) else {"start": self.time(), "end": self.time()}
            given = self.quantity() | period | {"country": rng.choice(COUNTRIES)}
            book.consumes(rng.choice(self.products), given.pop("quantity") * 0.05, "product", **given)
        if self.chance(0.35):
            given = {"country": rng.choice(COUNTRIES), "origin": rng.choice(["", "pre-consumer", "virgin"])}
            target = rng.choice(["pig-iron", "iron-ore", "aluminium-scrap", "mystery"])
            book.consumes(target, rng.uniform(0.1, 3), "material", dimension=rng.choice(UNITS), **given)

    def emit(self) -> None:
        rng, book = self.rng, self.book
        for _ in range(rng.randrange(3)):
            scope = rng.choice(["direct", "indirect", "undivided"])
            given = {"primary": rng.randrange(2), "gsd": rng.choice([NAN, 1.2]), "factor_source": rng.choice(["", "x"])}
            rated = dict.fromkeys(("technology", "geography", "time"), 2.0) if self.chance(0.3) else {}
            book.emits(rng.uniform(-1, 5), rng.choice([1.0, 2.0, NAN]), scope=scope, **given, **rated)
        if self.chance(0.3):
            book.power(rng.choice([1.0, 40.0]), rng.choice([NAN, 0.4]), region=rng.choice(["", "CN"]), energy=3.6)
        if self.chance(0.1):
            book.emits(rng.uniform(0.1, 2), type="water", name="water", factor=NAN)
        if self.chance(0.1):
            book.emits(1.0, name="truck", type="transport")
        if self.chance(0.1):
            given = {"type": "capture", "fate": rng.choice(["stored", "used"]), "category": "removals"}
            book.emits(rng.uniform(0.1, 2), name="capture", multiplier=-1.0, **given)

    def lot(self, n: int) -> None:
        rng, book = self.rng, self.book
        for _ in range(1 + self.chance(0.2)):
            key = self.lots[n]
            given = self.quantity() | {"product": rng.choice(["", *self.products]), "produced_at": self.time()}
            if self.chance(0.8):
                book.lot(key, **given)
            else:
                book.document()
            if self.chance(0.8):
                book.draws(key, self.processes[n], output=rng.choice("op"), **self.quantity())
            if self.chance(0.15):
                book.draws(key, rng.choice(self.processes), **self.quantity())
            if n and self.chance(0.25):
                book.draws(key, rng.choice(self.lots[:n]), kind="lot", **self.quantity())

    def subject(self) -> dict[str, Any]:
        if self.chance(0.5):
            return {"subject": self.rng.choice(self.lots), "subject_kind": "lot"}
        place = self.rng.choice(["", "", *self.facilities])
        kind = {"subject_kind": "product", "facility": place, "country": self.rng.choice(COUNTRIES)}
        return {"subject": self.rng.choice(self.products), **kind}

    def footprint(self) -> None:
        rng = self.rng
        given = self.subject() | {"start": self.time(), "end": self.time()}
        stated = {name: rng.choice(VALUES) for name in ("direct", "indirect") if self.chance(0.3)}
        more = {"gsd": 1.3} if self.chance(0.3) else {}
        more |= {name: rng.choice([0.5, 1.5]) for name in ("fresh_water", "coal", "fossil") if self.chance(0.1)}
        share, key = rng.choice([NAN, 0.5]), rng.choice(["", f"{self.of(given['subject'])}|F{rng.randrange(9)}"])
        total = rng.choice([*VALUES, NAN]) if not stated else NAN
        unit, boundary = rng.choice(UNITS), rng.choice(["cradle-to-gate", "cbam-embedded"])
        self.book.footprint(
            given.pop("subject"), total, signed=self.chance(0.8), dimension=unit, boundary=boundary, key=key,
            primary_data_share=share, **given, **stated, **more,
        )  # fmt: skip

    def content(self) -> None:
        given = self.subject()
        share = self.rng.choice([0.2, 0.9, 1.4])
        self.book.content(given.pop("subject"), post_consumer=share, signed=self.chance(0.7), **given)

    def transfer(self) -> None:
        rng, lot = self.rng, self.rng.choice(self.lots)
        sender, receiver = rng.choice([self.of(lot), *FIRMS]), rng.choice(FIRMS)
        given = self.quantity() | {"key": f"{sender}|t{rng.randrange(6)}", "sender": sender}
        by = rng.choice([sender, sender, receiver])
        self.book.moved(lot, receiver, given.pop("quantity"), rng.choice([0.1, NAN]), asserted_by=by, **given)

    def end(self) -> None:
        """Some document is superseded, or leaves because of a key or of its status."""
        book, rows = self.book, self.book.tables.rows
        gone = self.rng.randrange(book.index + 1) if book.index > 0 else 0
        index = book.document()
        cause = self.rng.randrange(4)
        if cause == 0:
            reason = self.rng.choice([COMPROMISE, "superseded"])
            book.row("revocations", issuer="urn:a", thumbprint="t", reason=reason)
        elif cause == 1:
            book.row("statuses", document=gone, state=self.rng.choice(["revoked", "suspended"]))
            if self.chance(0.5):
                book.document()
                book.row("statuses", document=gone, state="valid")
        for table, columns in rows.items():
            if table != "documents":
                book.tables.superseded |= {fid: index for fid in columns["fid"] if fid >> 20 == gone}

    def assurance(self) -> None:
        rows = self.book.tables.rows
        named = [n for n, key in enumerate(rows["footprints"]["key"]) if key]
        at = self.rng.choice(named) if named else None
        document = f"sha{rows['footprints']['fid'][at] >> 20}" if at is not None else ""
        given = {"issuer": self.rng.choice([VERIFIER, VERIFIER, "urn:a"]), "standard": "ISO 14064-3"}
        key = rows["footprints"]["key"][at] if at is not None else "urn:a|none"
        self.book.document(self.chance(0.8))
        level, ends = self.rng.choice(["limited", "reasonable"]), self.rng.choice([20.0, 1e6])
        self.book.row("assurances", footprint=key, document=document, level=level, valid_to=ends, **given)

    def accreditation(self) -> None:
        self.book.document(self.chance(0.8))
        given = {"issuer": BODY, "institution": VERIFIER, "scope": "ISO 14064-3", "valid_from": 0.0}
        self.book.row("accreditations", valid_to=self.rng.choice([30.0, 1e6]), **given)

    def factors(self) -> None:
        named = {"name": f"grids-{self.rng.randrange(3)}", "year": self.rng.choice([2020, 2026])}
        value = self.rng.choice(["0.5", "0.9"])
        self.book.publishes(named.pop("name"), {"region": "CN", "value": value}, **named)

    def inventory(self) -> None:
        self.book.document()
        site = self.rng.choice(self.facilities)
        given = {"start": 0.0, "end": 100.0, "method": "location-based", "gwp": "AR6"}
        self.book.row("inventories", key=f"{self.of(site)}|I", facility=site, direct=1000.0, indirect=10.0, **given)

    def certificate(self) -> None:
        self.book.document()
        given = {"issuer": VERIFIER, "scheme": "s", "number": "1", "holder": self.rng.choice(FIRMS)}
        self.book.row("certificates", status="in-force", valid_from=0.0, valid_to=1e6, **given)
