"""Every name, link and example in README.md and docs/ stands up."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

import pytest

from graph.model.refs import RECORDED, Kind
from graph.rollup.policy import policy_names
from schemas.activities import CARBON_TO_CO2
from schemas.facts import ACTIVITY_TYPES
from schemas.statement import load_statement
from schemas.strict_json import parse
from service.trust.envelopes.credential import read_statement
from service.trust.envelopes.signer import Signer
from service.trust.signing import new_key, public_key

CHECKOUT = Path(__file__).parents[2]
PAGES = sorted([CHECKOUT / "README.md", *CHECKOUT.glob("docs/**/*.md")])
ACCOUNTING = CHECKOUT / "docs/accounting.md"
ROOMS = ("service", "connectors", "schemas", "graph")
NAMED = re.compile(rf"`((?:{'|'.join(ROOMS)})(?:\.[A-Za-z_]+)+)`")


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _name(page: Path) -> str:
    return str(page.relative_to(CHECKOUT))


def _resolve(name: str) -> object:
    """The module, class or function of a dotted name."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    raise ModuleNotFoundError(name)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_names_of_the_code_exist(page: Path) -> None:
    wrong = []
    for name in sorted(set(NAMED.findall(_text(page)))):
        try:
            _resolve(name)
        except (ModuleNotFoundError, AttributeError) as error:
            wrong.append(f"{name}: {error}")
    assert not wrong


def test_tests_that_a_page_names_exist() -> None:
    wrong = []
    for page in PAGES:
        for path, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", _text(page)):
            if not re.search(rf"^def {name}\b", _text(CHECKOUT / path), re.M):
                wrong.append(f"{_name(page)}: {path}::{name}")
    assert not wrong


def test_every_rule_of_the_accounting_page_names_its_test() -> None:
    """Of each table that says so in its head, the last column; "the same" is what the line above it names."""
    rows = []
    for table in re.findall(r"^\|[^\n]*held by \|\n\|[-|]+\|\n((?:\|.*\n)+)", _text(ACCOUNTING), re.M):
        rows += [(line, line.rstrip(" |").rpartition(" | ")[2]) for line in table.splitlines()]
    assert len(rows) > 60
    assert [line for line, held in rows if "`tests/" not in held and not held.startswith("the same")] == []


def test_every_formula_of_the_accounting_page_has_its_source_and_a_test() -> None:
    sections = [part for part in re.split(r"^## ", _text(ACCOUNTING), flags=re.M) if re.search(r"^ {4}\S", part, re.M)]
    assert len(sections) >= 3
    for section in sections:
        title = section.partition("\n")[0]
        assert re.search(r"Source|ISO \d|Regulation|GHG Protocol", section), title
        assert "`tests/" in section, title


def test_every_policy_stands_in_the_accounting_page() -> None:
    page = _text(ACCOUNTING)
    assert [name for name in policy_names() if f"`{name}`" not in page] == []


def test_architecture_follows_a_declaration() -> None:
    assert len(set(NAMED.findall(_text(CHECKOUT / "docs/architecture.md")))) > 40


def _anchors(text: str) -> set[str]:
    return {re.sub(r"[^\w\- ]", "", t.lower()).replace(" ", "-") for t in re.findall(r"^#+ (.*)$", text, re.M)}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", _text(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        leads = (page.parent / path).resolve() if path else page
        assert leads.exists(), f"{_name(page)} links to {target}"
        assert not anchor or anchor in _anchors(_text(leads)), f"{_name(page)} links to {target}"


def _examples(page: Path) -> list[str]:
    return re.findall(r"^```json\n(.*?)^```$", _text(page), re.M | re.S)


STATEMENTS = _examples(CHECKOUT / "docs/statement.md")


@pytest.mark.parametrize("example", STATEMENTS, ids=lambda text: json.loads(text)["jti"])
def test_examples_are_statements(example: str) -> None:
    found = load_statement(parse(example.encode()))
    assert (found.issuer, found.id) == (json.loads(example)["iss"], json.loads(example)["jti"])
    assert found.facts


def test_the_example_of_a_credential_is_read_as_a_statement() -> None:
    """Signed by a key of that did:web, as `docs/statement.md` says its members are mapped."""
    [text] = re.findall(r"^```json credential\n(.*?)^```$", _text(CHECKOUT / "docs/statement.md"), re.M | re.S)
    shown = json.loads(text)
    signer = Signer("urn:greenchain:org:acme-castings", public_key(new_key()), name=shown["issuer"])
    statement = load_statement(read_statement(json.loads(text), signer).value)
    assert (statement.issuer, statement.id) == (signer.organization, shown["id"])
    assert (statement.issued_at, statement.expires_at) == (1767225600, 1767312000)
    assert [s.fact.ref.id for s in statement.facts] == ["bracket-2025"]


def test_every_kind_of_fact_and_activity_has_an_example() -> None:
    facts = [fact for example in STATEMENTS for fact in json.loads(example)["facts"]]
    assert {f["kind"] for f in facts} == {k.value for k in Kind if k not in RECORDED}
    assert {a["type"] for f in facts for a in f.get("activities", ())} == set(ACTIVITY_TYPES)
    assert any("supersedes" in f for f in facts)


def test_carbon_is_converted_as_the_page_says() -> None:
    assert f"`carbon_content` x {CARBON_TO_CO2} x" in _text(CHECKOUT / "docs/statement.md")


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_pages_name_no_machine(page: Path) -> None:
    """No address of a package registry, and no path of somebody's machine."""
    text = _text(page)
    assert not re.search(r"https?://(?=\w)(?!127\.0\.0\.1|id\.gs1\.org|www\.w3\.org/ns/)", text)
    assert not re.search(r"(?<![\w.{}-])/(home|root|work|Users|tmp)\b", text)


@pytest.mark.parametrize("page", sorted((CHECKOUT / "docs/adr").glob("*.md")), ids=_name)
def test_decisions_are_one_page(page: Path) -> None:
    text = _text(page)
    assert len(text.splitlines()) <= 60
    for part in ("**Decision.**", "**Why.**", "**What it costs.**"):
        assert part in text
    assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", page.name)
    assert text.startswith(f"# {int(page.name[:4])}. ")
