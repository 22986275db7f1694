"""Columns give back what they were given, however it came and however narrow it is kept; texts have one code each."""

import math
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graph.model.addresses import Addresses
from graph.model.branches import Branch, excerpt
from graph.model.columns import Column, FactColumn, Pool, TextColumn, UniqueColumn
from graph.model.refs import Kind, uid
from graph.model.tables import TABLES, ChainTables, _append
from graph.rollup.arrays import by_code, by_value, narrow
from graph.rollup.names import Texts
from graph.rollup.rows import every

TEXTS = st.lists(st.lists(st.text(max_size=5), max_size=6), max_size=6)
WHOLE = st.lists(st.lists(st.integers(-(2**62), 2**62) | st.integers(-3, 3), max_size=6), max_size=6)
NUMBERS = st.lists(st.lists(st.floats() | st.just(math.nan), max_size=6), max_size=6)


def filled(column, parts):
    for at, part in enumerate(parts):
        if at % 2:
            column.extend(part)
        else:
            for value in part:
                column.append(value)
    return column


@given(WHOLE)
def test_integers_come_back(parts):
    column = filled(Column(int), parts)
    assert list(column) == list(chain(*parts))
    assert [column[at] for at in range(len(column))] == list(chain(*parts))


@given(NUMBERS)
def test_numbers_come_back_bit_for_bit(parts):
    assert list(map(repr, filled(Column(float), parts))) == list(map(repr, list(chain(*parts))))


@given(TEXTS)
def test_texts_come_back(parts):
    pool = Pool()
    assert list(filled(TextColumn(pool), parts)) == list(filled(UniqueColumn(), parts)) == list(chain(*parts))
    assert all(pool[pool.find(text)] == text for text in list(chain(*parts)))


@given(TEXTS)
def test_ranks_are_the_order_of_the_alphabet_as_texts_come_in(parts):
    pool = Pool()
    for part in parts:
        pool.intern(part)
        by_rank = sorted(range(len(pool)), key=pool.ranks().__getitem__)
        assert [pool[code] for code in by_rank] == sorted(pool[code] for code in range(len(pool)))


@given(TEXTS)
def test_packed_texts_are_found_and_read_as_before(parts):
    """Keys of an issuer, an issuer itself, and texts that only look like either; later ones beside packed ones."""
    pool, told = Pool(), {}
    for part in parts:
        for text in (f"{head}|{text}" for head in ("", "a", *part) for text in ("", "a", *part)):
            told[text] = pool.code(text)
        pool.pack(least=0)
        assert {text: pool.find(text) for text in told} == told
        assert pool.intern(list(told)).tolist() == list(told.values())
        assert pool.texts(np.array(list(told.values()), np.int32)) == list(told) == [pool[c] for c in told.values()]
        assert pool.find("nobody|said this") == -1
    pool.issuers()  # adds issuers that were named by their keys alone
    texts = pool.texts(np.arange(len(pool)))
    assert len(set(texts)) == len(texts)
    assert [texts[code] for code in pool.issuers().tolist()] == [t.partition("|")[0] for t in texts]
    assert [texts[code] for code in np.argsort(pool.ranks()).tolist()] == sorted(texts)


def test_a_branch_of_a_packed_pool_adds_its_own():
    pool = Pool()
    pool.intern([f"urn:a|{n}" for n in range(200)])
    pool.pack(least=0)
    branch = Branch(pool)
    assert branch.code("urn:a|7") == pool.find("urn:a|7")
    assert branch[branch.code("urn:b|new")] == "urn:b|new"
    assert branch.texts(np.array([branch.find("urn:b|new"), pool.find("urn:a|0")])) == ["urn:b|new", "urn:a|0"]
    assert pool.find("urn:b|new") == -1


def test_a_few_new_texts_are_ranked_among_many():
    pool = Pool()
    pool.intern([f"k{n:03}" for n in range(0, 400, 2)])
    pool.ranks()
    pool.intern(["k001", "", "zz", "k399", "a"])
    by_rank = sorted(range(len(pool)), key=pool.ranks().__getitem__)
    assert [pool[code] for code in by_rank] == sorted(pool[code] for code in range(len(pool)))


def test_what_is_one_value_throughout_takes_the_room_of_one():
    column = Column(float)
    column.extend([math.nan] * 1000)
    assert column.bytes == 8
    assert math.isnan(column[999])
    column.append(-0.0)
    assert list(map(repr, column))[-2:] == ["nan", "-0.0"]


def test_narrow_integers_take_a_byte_until_a_wide_one_comes():
    column = Column(int)
    column.extend([1, 2, 3] * 8)
    assert column.bytes < 30
    column.append(2**40)
    assert list(column)[-2:] == [3, 2**40]


@given(WHOLE)
def test_ids_of_facts_come_back(parts):
    column, whole = filled(FactColumn(), parts), list(chain(*parts))
    assert list(column) == whole
    assert [column[at] for at in range(len(column))] == whole
    assert column.at(np.arange(len(whole))[::-1]).tolist() == whole[::-1]
    column[:] = whole[:1]
    assert list(column) == whole[:1]


def test_digests_take_half_the_room_among_texts_that_are_none():
    column, digests = UniqueColumn(), [f"{n:064x}" for n in range(200)]
    column.extend(digests)
    assert column.bytes < 200 * 34
    more = ["", "ab", "abc", "AB", "a b c d", "é", digests[7]]
    column.extend(more)
    assert list(column) == [*digests, *more] == [column[at] for at in range(207)]
    some = UniqueColumn()
    some.add_some(column, np.array([3, 200, 203, 206]))
    assert list(some) == [digests[3], "", "AB", digests[7]]


def test_numbers_of_which_few_are_different_take_the_room_of_codes():
    column, values = Column(float), [math.nan, 2.0, -0.0, 0.1]
    column.extend(values * 1000)
    assert column.bytes < 4200
    some = Column(float)
    some.add_some(column, np.array([3, 0, 3]))
    some.append(7.0)
    assert list(map(repr, some)) == ["0.1", "nan", "0.1", "7.0"]
    assert list(map(repr, column)) == list(map(repr, values * 1000))


def test_numbers_are_kept_as_they_are_once_many_are_different():
    """First as codes of a byte, then of two, then without; whatever is read in between."""
    random = np.random.default_rng(5)
    column, told = Column(float), []
    for most in (3, 300, 9000, 9000):
        added = random.integers(0, most, 5000) / 7
        column.add(added)
        told.append(added)
        assert np.array_equal(column.array, np.concatenate(told))
        assert np.array_equal(column.at(np.array([len(column) - 1, 0])), np.concatenate(told)[[-1, 0]])
    assert column.bytes >= 8 * len(column)


def test_tables_of_different_pools_are_joined_by_text():
    one, other = ChainTables(), ChainTables()
    other.pool.intern(["something", "else"])
    for tables, key in ((one, "urn:a|x"), (other, "urn:b|y")):
        tables.rows["lots"]["key"].append(key)
        tables.rows["documents"]["id"].append("id of " + key)
    one.extend(other)
    assert list(one.rows["lots"]["key"]) == ["urn:a|x", "urn:b|y"]
    assert list(one.rows["documents"]["id"]) == ["id of urn:a|x", "id of urn:b|y"]


def test_an_address_leads_back_to_its_key():
    pool, addresses = Pool(), Addresses(Kind.LOT)
    keys = [f"urn:a|{n}" for n in range(50)]
    for part in (keys[:30], keys[20:], []):
        addresses.add(pool, pool.intern(part).astype("int64"))
    assert [addresses.find(pool, uid(Kind.LOT, key)) for key in keys] == keys
    for wrong in (uid(Kind.PRODUCT, keys[0]), uid(Kind.LOT, keys[0])[:16] + "0" * 16, "", "no", "-1", "f" * 400):
        assert addresses.find(pool, wrong) is None


def test_threads_that_add_at_once_never_share_a_code():
    """Whoever asks for ranks or issuers adds, too: questions do so beside the thread that reads what is newer."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(20):
            pool = Pool()

            def adds(thread, pool=pool):
                for n in range(200):
                    pool.code(f"{thread}:{n}|x")
                    if n % 20 == 0:
                        pool.issuers(), pool.ranks()
                    if n % 50 == 0:
                        pool.pack(least=0)

            with ThreadPoolExecutor(4) as threads:
                list(threads.map(adds, range(4)))
            issuers, texts = pool.issuers(), [pool[code] for code in range(len(pool))]
            assert len(set(texts)) == len(texts)
            assert [pool.find(text) for text in texts] == list(range(len(texts)))
            known = texts[: len(issuers)]
            assert [pool[int(code)] for code in issuers] == [text.partition("|")[0] for text in known]
    finally:
        sys.setswitchinterval(interval)


def test_who_goes_through_what_ended_is_not_disturbed_by_what_is_newer():
    tables, newer = ChainTables(superseded={1: 2, 3: 4}), ChainTables(superseded={5: 6})
    going_through = iter(tables.superseded.items())
    next(going_through)
    tables.extend(newer)
    assert list(going_through) == [(3, 4)]
    assert tables.superseded == {1: 2, 3: 4, 5: 6}


def test_who_reads_while_rows_are_added_finds_whole_rows(monkeypatch):
    """Whatever has come in so far: each row that is there has all of its columns."""
    tables, newer, read = ChainTables(), ChainTables(), []
    for table, columns in newer.rows.items():
        for name, column in columns.items():
            column.extend(["00ff", "x|y"] if TABLES[table][name] is str else [1, 2])

    def appended(*args):
        _append(*args)
        for table in TABLES:
            assert all(len(row) == len(TABLES[table]) for row in every(tables, table).records())
            read.append(len(every(tables, table)))

    monkeypatch.setattr("graph.model.tables._append", appended)
    for head in range(2):
        newer.head = head
        tables.extend(newer)
    assert set(read) == {0, 2, 4}


def test_a_branch_ranks_its_own_among_those_of_then_while_others_add():
    class Growing(Pool):
        def ranks(self):
            found = super().ranks()
            self.intern([f" first {len(self)} {n}" for n in range(9)])
            return found

    pool = Growing()
    pool.intern([f"k{n:02}" for n in range(20)])
    branch = Branch(pool)
    branch.intern(["k05|", "k11|", "zz"])
    ranks = branch.ranks()
    texts = [branch[code] for code in np.argsort(ranks).tolist()]
    assert texts == sorted(texts)


@given(TEXTS, TEXTS, TEXTS)
def test_a_branch_has_the_texts_of_then_and_its_own(before, later, own):
    """Codes of then stay what they are; what either adds afterwards the other knows nothing of."""
    pool = Pool()
    pool.intern([f"{text}|x" for part in before for text in part])
    branch = Branch(pool)
    then = [pool[code] for code in range(len(branch))]
    for part in later:
        pool.intern([f"{text}|y" for text in part])
        pool.issuers(), pool.ranks()
    added = [f"{text}|z" for part in own for text in part]
    codes = branch.intern(added)
    issuers, ranks = branch.issuers(), branch.ranks()
    texts = [branch[code] for code in range(len(branch))]
    assert texts[: len(then)] == then
    assert [texts[code] for code in codes.tolist()] == added
    assert len(set(texts)) == len(texts)
    assert [branch.find(text) for text in texts] == list(range(len(texts)))
    assert all(branch.find(f"{text}|y") == -1 for part in later for text in part)
    assert [texts[code] for code in issuers.tolist()] == [text.partition("|")[0] for text in texts[: len(issuers)]]
    assert [texts[code] for code in sorted(range(len(ranks)), key=ranks.__getitem__)] == sorted(texts[: len(ranks)])


@given(st.lists(st.text("ab|", max_size=4), max_size=40), st.data())
def test_an_excerpt_has_some_texts_of_a_pool_their_issuers_and_its_own(texts, data):
    """In the order of the pool; whatever the pool learns later, or has ranked before, is nothing to it."""
    pool, before, own = Pool(), data.draw(st.integers(0, 40)), data.draw(st.lists(st.text("abc|", max_size=4)))
    pool.intern(texts[:before])
    pool.ranks()
    pool.intern(texts[before:])
    taken = pool.intern(texts[:: data.draw(st.integers(1, 3))])
    some, place = excerpt(pool, [taken[::2], taken[1::2]])
    found = [some[code] for code in range(len(some))]
    assert some.texts(place[taken]) == pool.texts(taken)
    assert [pool.find(text) for text in found] == sorted(pool.find(text) for text in found)
    assert {*found} == {*pool.texts(taken), *(t.partition("|")[0] for t in pool.texts(taken)), *list(Pool())}
    assert some.find("lot") == Pool().find("lot")
    pool.intern([f"{text}later" for text in texts])
    assert all(some.find(f"{text}later") == -1 for text in texts)
    codes, issuers, ranks = some.intern(own), some.issuers(), some.ranks()
    every = some.texts(np.arange(len(some)))
    assert every[: len(found)] == found
    assert [every[code] for code in codes.tolist()] == own
    assert [some.find(text) for text in every] == list(range(len(every)))
    assert [every[code] for code in issuers.tolist()] == [text.partition("|")[0] for text in every[: len(issuers)]]
    assert [every[code] for code in sorted(range(len(ranks)), key=ranks.__getitem__)] == sorted(every)


def test_a_few_texts_that_nobody_ranked_are_ordered_among_many_that_are():
    pool = Pool()
    pool.intern([f"k{n:03}" for n in range(0, 400, 2)])
    pool.ranks()
    codes = pool.intern(["k001", *(f"k{n:03}" for n in range(0, 400, 4)), "k003", "zz", "k002"])
    others = ["k0025", "k002x", "a"]
    texts = [*pool.texts(codes), *others]
    order = np.argsort(pool.order(codes, others))
    assert [texts[at] for at in order.tolist()] == sorted(texts)


@given(TEXTS, st.data())
def test_some_texts_of_a_column_come_in_the_order_asked_for(parts, data):
    whole = list(chain(*parts))
    asked = data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=6)) if whole else []
    found = filled(UniqueColumn(), parts).take(np.array([*asked, *([0] if whole else [])], np.int64))
    assert found == [whole[at] for at in [*asked, *([0] if whole else [])]]


def test_numbers_are_kept_in_32_bits_only_where_they_fit():
    assert narrow(np.array([-(2**31), 2**31 - 1])).dtype == np.int32
    for beyond in (2**31, -(2**31) - 1):
        assert narrow(np.array([0, beyond])).tolist() == [0, beyond]


CODES = st.integers(0, 3) | st.integers(0, 2**16 + 3) | st.integers(2**32 - 2, 2**40)


@given(st.lists(st.tuples(CODES, st.floats() | st.just(-0.0)), max_size=40))
def test_rows_are_ordered_by_code_and_then_by_value(rows):
    codes, values = np.array([c for c, _ in rows], np.int64), np.array([v for _, v in rows], np.float64)
    assert by_code(codes).tolist() == np.argsort(codes, kind="stable").tolist()
    found, expected = by_value(codes, values), np.lexsort((values, codes))
    assert codes[found].tolist() == codes[expected].tolist()
    # Of two that are the same, as 0 and -0 are, either may come first.
    np.testing.assert_array_equal(values[found], values[expected])


def test_codes_of_more_than_sixteen_bits_are_ordered_by_all_of_them():
    codes = np.array([2**40, 3, 2**16, 2**16 - 1, 3, 0, 2**32 + 3])
    assert by_code(codes).tolist() == np.argsort(codes, kind="stable").tolist()
    assert by_value(codes, np.array([0.0, 2.0, 0.0, 0.0, 1.0, 0.0, 0.0])).tolist() == [5, 4, 1, 3, 2, 6, 0]


def test_texts_tell_which_they_are_and_whose():
    pool = Pool()
    keys = Texts(pool, pool.intern(["urn:b|x", "urn:a|y", "urn:a|x", "urn:c|z"]))
    assert keys.among(["urn:a|x", "urn:c|z", "urn:d|none"]).tolist() == [False, False, True, True]
    assert keys.issued_by(["urn:a", "urn:none"]).tolist() == [False, True, True, False]
    assert list(keys.where(keys.issued_by(["urn:a"]))) == ["urn:a|y", "urn:a|x"]
    assert keys.issuers() == {"urn:a", "urn:b", "urn:c"}
    assert keys.where(keys.among([])).issuers() == set()
