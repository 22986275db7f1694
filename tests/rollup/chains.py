"""The worked examples of reference/accounting.md as chains: lots a window frame is made of."""

from tests.rollup.rollup_book import CBAM, NAN, Book

C_TO_CO2 = 3.664
STEEL, SCREWS, METAL, PROFILE, FRAME = "urn:mill|l", "urn:screws|l", "urn:smelter|l", "urn:former|l", "urn:maker|frame"
T = 1000.0


def steel(book: Book) -> str:
    """Integrated steel by carbon mass balance, waste gas exported (multiplier negative)."""
    book.product("urn:mill|steel", material="hot-rolled-steel")
    book.process("urn:mill|plant")
    carbon_in = {
        "coke-fines": (50000, 0.88), "iron-ore": (5.6e6, 0.00023), "coke": (2.2e6, 0.88),
        "plastics": (70000, 0.683571530119101 * 0.84), "scrap-a": (800000, 0.0021), "scrap-b": (200000, 0.0018),
        "lime": (280000, 0.0027292576419213972), "natural-gas": (170000, 0.75), "other": (40000, 0.1),
    }  # fmt: skip
    for name, (tonnes, carbon) in carbon_in.items():
        book.emits(tonnes * T, name=name, multiplier=carbon * C_TO_CO2, primary=1)
    for name, tonnes, carbon in (("steel", 4.8e6, 0.0018), ("slag", 1e6, 0.0003)):
        book.emits(tonnes * T, name=name, multiplier=-carbon * C_TO_CO2)
    book.emits(12800 * T * T, 56.1 * 0.667 / 1000, name="waste gas", multiplier=-1.0, type="waste-gas")
    book.power(1_658_844 * T, 0.589)
    book.consumes("iron-ore", 5.6e6 * T, "material", incorporated=3.8e6 * T)
    book.consumes("ferrous-scrap", 800000 * T, "material", origin="pre-consumer")
    book.consumes("ferrous-scrap", 200000 * T, "material", origin="post-consumer")
    book.consumes("coke", 2.2e6 * T, "material", role="fuel")
    book.makes(4.8e6 * T, "urn:mill|steel")
    return book.lot(STEEL, "urn:mill|plant", product="urn:mill|steel")


def screws(book: Book, direct: float = NAN, kind: str = "lot", target: str = STEEL, country: str = "") -> str:
    if direct == direct:
        book.footprint(target, direct=direct, indirect=0.0, primary_data_share=1.0)
    book.process("urn:screws|press")
    book.consumes(target, 20000 * T, kind, country=country)
    book.emits(17000 * T, 0.19635)
    book.power(3400 * T, 0.833)
    book.makes(17000 * T)
    return book.lot(SCREWS, "urn:screws|press")


def profile(book: Book, grid: float = 0.41) -> str:
    """Smelter and forming."""
    book.process("urn:smelter|potline")
    book.emits(311_000 * T, name="anodes")
    book.power(3_000_000 * T, grid)
    book.makes(200_000 * T)
    book.lot(METAL, "urn:smelter|potline")
    book.process("urn:former|line")
    book.consumes(METAL, 120_000 * T)
    book.emits(5_283 * T)
    book.power(105_000 * T, grid)
    book.makes(113_000 * T)
    return book.lot(PROFILE, "urn:former|line")


def cement(book: Book) -> str:
    book.process("urn:kiln|works")
    book.emits(1_255_000 * T, 0.525, name="calcination")
    for name, tonnes, heat, factor, fossil in (
        ("coal", 88_000, 25, 95, 1.0), ("waste", 25_000, 20, 83, 0.85), ("gas", 43_000, 40, 78, 1.0),
    ):  # fmt: skip
        book.emits(tonnes * T, factor / 1000, name=name, multiplier=heat * fossil)
    book.power(193_864.47368421053 * T, 0.833)
    book.makes(1_321_052.6315789474 * T)
    return book.lot("urn:kiln|l", "urn:kiln|works")


def frame(book: Book, boundary: str = CBAM) -> str:
    """One window frame of 8.2 kg of profile and .4 kg of screws, counted in pieces."""
    steel(book), screws(book), profile(book)
    book.product("urn:maker|frames", dimension=7, kg_per_unit=8.6, material="window-frame")
    book.process("urn:maker|assembly", boundary=boundary)
    book.consumes(PROFILE, 8.2)
    book.consumes(SCREWS, 0.4)
    book.makes(1.0, "urn:maker|frames", dimension=7)
    return book.lot(FRAME, "urn:maker|assembly", product="urn:maker|frames", dimension=7)
