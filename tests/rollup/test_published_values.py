"""Every published factor of reference/accounting.md, as figures come to it: by region, by material and country."""

from pathlib import Path

import pytest

import schemas
from graph.rollup.policy import load_policy
from schemas.factor_sets import read_factor_set, shipped
from tests.rollup.rollup_book import Book

OPTIONAL = sorted((Path(schemas.__path__[0]) / "published_factors" / "optional").glob("*.json"))
COUNTRIES = ("CN", "IN", "TR", "US", "other")
# Direct, tCO2e/t, without mark-up (Implementing Regulation (EU) 2025/2547).
CBAM = {
    "grey-clinker": (1.35, 1.39, None, 1.16, 1.37),
    "7201": (1.66, 2.53, 1.85, 1.21, 3.48),
    "7208": (3.186892655, 4.28, 2.427511737, 1.40, 4.048689266),
    "721911": (5.58, 6.49, 5.47, 3.22, 4.94),
    "7601": (3.00, 1.87, 1.70, 1.70, 2.20264371),
    "hydrogen": (26.64, 14.03, 10.82, 26.64, 17.74),
}
# kgCO2/kWh.
GRID = {
    "CN": 0.5306, "CN-NORTH": 0.6361, "CN-NORTHEAST": 0.5122, "CN-EAST": 0.5500, "CN-CENTRAL": 0.5271,
    "CN-NORTHWEST": 0.5543, "CN-SOUTH": 0.4042, "CN-SOUTHWEST": 0.2472, "CN-SX": 0.7096, "CN-HE": 0.7252,
    "CN-SD": 0.6410, "CN-TJ": 0.7041, "CN-NM": 0.6849,
}  # fmt: skip
# What an operator may load: by file the region or material, and its value.
MORE = {
    "iai-2022": {"primary-aluminium": 15.1},
    "mee-nbs-grid-2022": {"CN": 0.5366},
    "mee-nbs-mixes-2023": {"CN-FOSSIL": 0.8273, "CN-RESIDUAL": 0.6096},
    "worldsteel-2023": {"crude-steel": 1.92},
    "worldsteel-2024": {"crude-steel": 2.18},
}


@pytest.mark.parametrize("good", CBAM)
def test_default_values_of_the_commission(good: str) -> None:
    policy = Book().rolled(policy=load_policy("default"))[0].policy
    name, hs = ("", good) if good.isdigit() else (good, "")
    found = [policy.material_default(name, hs, country) for country in (*COUNTRIES[:-1], "FR")]
    assert tuple(factor and factor.value for factor in found) == CBAM[good]


@pytest.mark.parametrize(("region", "value"), GRID.items())
def test_grid_factors_of_china(region: str, value: float) -> None:
    found = Book().rolled()[0].policy.grid_default((region,))
    assert found is not None
    assert found.value * 3.6 == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize("file", OPTIONAL, ids=lambda path: path.stem)
def test_what_an_operator_may_load_says_what_was_published(file: Path) -> None:
    found = read_factor_set(file.read_bytes(), "urn:operator")
    scale = 3.6 if found.of == "grid" else 1.0
    told = {row.region or row.materials[0]: row.value * scale for row in found.rows if row.value is not None}
    assert told == pytest.approx(MORE[found.ref.id], rel=1e-15)
    assert found.ref.id == file.stem
    assert all(row.source for row in found.rows)
    assert file.read_bytes() not in shipped(), "world averages fill no gap unless somebody says so"


def test_a_mix_counts_for_what_names_it() -> None:
    book = Book()
    file = next(path for path in OPTIONAL if "mixes" in path.name)
    book.document(signed=False)
    book.holds(book.fid, read_factor_set(file.read_bytes(), "urn:operator"))
    grid = book.rolled()[0].policy.grid_default
    assert [grid((region,)).value * 3.6 for region in ("CN-RESIDUAL", "CN-EAST", "CN-XX")] == pytest.approx(
        [0.6096, 0.55, 0.5306]
    )
