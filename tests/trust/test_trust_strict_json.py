"""schemas.strict_json: what it takes, what it refuses, and where it says the fault is."""

import time
from decimal import Decimal

import pytest

from schemas.errors import StrictJsonError
from schemas.strict_json import parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"null", None),
        (b' {"a": [1, -0, true]}\n', {"a": [1, 0, True]}),
        (b'"\\ud83c\\udf31"', "🌱"),
        (b'"\\\\ud800"', "\\ud800"),
        (b"[]", []),
        ("é".encode().join([b'"', b'"']), "é"),
        (b"9" * 100, int("9" * 100)),
    ],
)
def test_taken(text: bytes, value: object) -> None:
    assert parse(text) == value


def test_numbers_are_exact() -> None:
    parsed = parse(b"[0.1, 1e2, -2.50, 1E-100, 0.0, 0e5]")
    assert parsed == [Decimal("0.1"), Decimal("1e2"), Decimal("-2.50"), Decimal("1e-100"), Decimal(0), Decimal(0)]
    assert isinstance(parsed, list)
    assert all(isinstance(n, Decimal) for n in parsed)


@pytest.mark.parametrize(
    ("text", "offset", "reason"),
    [
        (b"\xef\xbb\xbf1", 0, "byte order mark"),
        (b'"\xff"', 1, "UTF-8"),
        (b"[1,]", 3, "not JSON"),
        (b"1 2", 2, "Extra data"),
        (b"", 0, "not JSON"),
        (b'{"a":1,"b":2,"a":3}', -1, "twice in one object: 'a'"),
        (b"[NaN]", -1, "NaN"),
        (b"9" * 101, -1, "longer than 100"),
        (b"0." + b"9" * 99, -1, "longer than 100"),
        (b"1e101", -1, "beyond"),
        (b"1e-101", -1, "beyond"),
        (rb'"\udfff"', -1, "surrogate"),
        (rb'{"\ud800": 1}', -1, "surrogate"),
        (b"[" * 65 + b"]" * 65, -1, "deeper than 64"),
        (b"[" * 100_000, -1, "deeper"),
        (b'{"a":' * 100_000, -1, "deeper"),
    ],
)
def test_refused(text: bytes, offset: int, reason: str) -> None:
    with pytest.raises(StrictJsonError, match=reason) as refused:
        parse(text)
    assert refused.value.offset == offset


def test_depth_and_items_count_outside_strings_only() -> None:
    assert parse(b'["' + b"[{," * 100 + b'"]', max_depth=1, max_items=3) == ["[{," * 100]
    assert parse(b'["\\"' + b"[" * 100 + b'"]', max_depth=1) == ['"' + "[" * 100]
    assert parse(b"[" * 3 + b"]" * 3, max_depth=3) == [[[]]]
    assert parse(b"[[],[],[]]", max_depth=2) == [[], [], []]
    with pytest.raises(StrictJsonError, match="more than 3 items"):
        parse(b"[1,2,3,4]", max_items=3)


def test_five_thousand_digits_cost_nothing() -> None:
    start = time.process_time()
    with pytest.raises(StrictJsonError):
        parse(b"9" * 3_000_000)
    assert time.process_time() - start < 0.5
