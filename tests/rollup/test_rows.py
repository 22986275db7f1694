"""Rows in force, and those of them that hold, name or were stated by something: what visibility and receipts ask."""

from graph.model.refs import fact_id
from graph.rollup.rows import every, in_force, of_table
from tests.rollup.rollup_book import Book


def handed_on() -> Book:
    """Two lots of one firm and one of another go to a third; one of the firms' ids begins like another's."""
    book = Book()
    book.moved("urn:a|1", "urn:c", 1.0, 0.0, sender="urn:a", asserted_by="urn:a")
    book.moved("urn:a|2", "urn:c", 1.0, 0.0, sender="urn:a", asserted_by="urn:c")
    book.moved("urn:ab|1", "urn:d", 1.0, 0.0, sender="urn:ab", asserted_by="urn:ab")
    return book


def lots(rows) -> list[str]:
    return rows.text("lot")


def test_rows_about_what_they_name():
    rows = every(handed_on().tables, "transfers")
    assert lots(rows.about("lot", ["urn:ab|1", "urn:a|1", "urn:nobody|1"])) == ["urn:a|1", "urn:ab|1"]
    assert lots(rows.about("receiver", ["urn:c"])) == ["urn:a|1", "urn:a|2"]
    assert lots(rows.about("lot", [])) == lots(rows.about("lot", ["urn:nobody|1"])) == []


def test_rows_that_name_what_an_organization_issued_and_none_whose_name_only_begins_alike():
    rows = every(handed_on().tables, "transfers")
    assert lots(rows.issued("lot", ["urn:a"])) == ["urn:a|1", "urn:a|2"]
    assert lots(rows.issued("lot", ["urn:ab", "urn:nobody"])) == ["urn:ab|1"]
    assert lots(rows.issued("lot", ["urn:nobody"])) == lots(rows.issued("lot", [])) == []
    assert lots(rows.issued("receiver", ["urn:d"])) == ["urn:ab|1"], "an organization is its own issuer"


def test_rows_whose_two_columns_hold_the_same():
    rows = every(handed_on().tables, "transfers")
    assert lots(rows.agreeing("asserted_by", "sender")) == ["urn:a|1", "urn:ab|1"], "what a receiver says is left out"


def test_a_text_is_asked_about_once_however_many_rows_hold_it():
    rows = every(handed_on().tables, "transfers")
    asked: list[str] = []
    assert rows.which("sender", lambda text: not asked.append(text) and text == "urn:a").tolist() == [True, True, False]
    assert sorted(asked) == ["urn:a", "urn:ab"]


def test_rows_that_hold_one_of_some_numbers():
    book = handed_on()
    documents = every(book.tables, "documents")
    assert documents.among("index", {0, 2, 7}).tolist() == [True, False, True]
    assert documents.among("index", ()).tolist() == [False] * 3


def test_rows_that_some_documents_stated():
    rows = every(handed_on().tables, "transfers")
    assert lots(rows.stated_in([2, 0])) == ["urn:a|1", "urn:ab|1"]
    assert lots(rows.stated_in([])) == []


def test_the_last_document_behind_rows_up_to_a_moment():
    book = handed_on()
    rows = every(book.tables, "transfers")
    assert [rows.last_document(at) for at in (-1, 0, 1, 9)] == [-1, 0, 1, 2]
    assert every(book.tables, "lots").last_document(9) == -1, "no document states a lot"


def test_one_table_in_force_is_what_all_tables_in_force_hold_of_it():
    book = handed_on()
    book.document()
    book.tables.superseded[fact_id(1, 0)] = book.index
    for at, kept in (
        (book.index, ["urn:a|1", "urn:ab|1"]),
        (book.index - 1, ["urn:a|1", "urn:a|2", "urn:ab|1"]),
        (0, ["urn:a|1"]),
        (-1, []),
    ):
        assert lots(of_table(book.tables, "transfers", at)) == lots(in_force(book.tables, at)["transfers"]) == kept
    assert len(of_table(book.tables, "documents", 1)) == 2


def test_texts_of_a_column_are_a_sequence_of_texts():
    texts = every(handed_on().tables, "transfers").texts("sender")
    assert texts == ["urn:a", "urn:a", "urn:ab"]
    assert texts[1:] == ("urn:a", "urn:ab")
    assert (texts[1:] == texts[:2], texts[0:1] == texts[1:2]) == (False, True), "they are compared as texts"
    assert texts != 3
