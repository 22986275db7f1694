"""The walls of the house (design: four rooms, one direction): who may import what, and how large anything may grow."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("service", "connectors", "schemas", "graph")
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
NAMES = [str(path.relative_to(ROOT)) for path in FILES]

# What reaches the world outside or the time of day, by module; and by call.
IMPURE = {
    "asyncio", "ctypes", "datetime", "fcntl", "flask", "glob", "http", "io", "multiprocessing", "neo4j", "os",
    "pathlib", "queue", "random", "requests", "secrets", "select", "shutil", "signal", "socket", "sqlite3", "ssl",
    "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid", "werkzeug",
}  # fmt: skip
CALLS = {"open", "input", "print", "eval", "exec", "__import__", "breakpoint"}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def imported(path: Path) -> tuple[str, ...]:
    """The modules that a file imports, wherever in it, under their full names."""
    return tuple(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            assert node.module
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importers(*modules: str) -> set[str]:
    """The files that import one of these modules or what is in them."""
    wanted = tuple(modules)
    return {
        name
        for name, path in zip(NAMES, FILES, strict=True)
        if any(found == m or found.startswith(m + ".") for found in imported(path) for m in wanted)
    }


def test_there_is_something_to_look_at() -> None:
    assert len(FILES) > 80
    assert "graph/store/database.py" in importers("neo4j")


@pytest.mark.parametrize(
    ("modules", "room"),
    [
        (("flask", "flask_smorest", "werkzeug", "authlib", "webargs"), "service/"),
        (("neo4j",), "graph/store/"),
        (("requests", "urllib3", "httpx", "http.client", "urllib.request"), "connectors/"),
        (("marshmallow", "apispec"), ("schemas/", "service/")),
        (("numpy", "scipy"), "graph/"),
        (("pint",), "graph/units.py"),
        (("arcadedb_embedded",), "nowhere"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_library_stays_in_its_room(modules: tuple[str, ...], room: str | tuple[str, ...]) -> None:
    assert [name for name in sorted(importers(*modules)) if not name.startswith(room)] == []


@pytest.mark.parametrize("room", ROOMS[1:])
def test_a_room_imports_only_what_is_to_its_right(room: str) -> None:
    """`service -> connectors -> schemas -> graph`: import-linter says it too, this also where an import is local."""
    left = ROOMS[: ROOMS.index(room)]
    assert [name for name in sorted(importers(*left)) if name.startswith(room + "/")] == []


PURE = ("graph/rollup/", "graph/model/", "service/trust/", "service/intake/judge.py", "service/intake/candidate.py")


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith(PURE)])
def test_verification_and_roll_up_do_no_io_and_read_no_clock(name: str) -> None:
    """Bytes, keys and times come in as arguments. The policies' data files are read through importlib.resources."""
    found = {module.partition(".")[0] for module in imported(ROOT / name)} & IMPURE
    # A lock is neither: texts get their codes one after the other, whichever thread asks.
    assert found <= ({"threading"} if name == "graph/model/pool.py" else set())
    resources = {m for m in imported(ROOT / name) if m.startswith("importlib")}
    assert not resources or name == "graph/rollup/policy.py"
    calls = {
        node.func.id
        for node in ast.walk(tree(ROOT / name))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert calls & CALLS == set()


def test_pure_rooms_import_no_room_that_does_io() -> None:
    for name in (n for n in NAMES if n.startswith(PURE)):
        within = {m for m in imported(ROOT / name) if m.startswith(("graph.store", "service.api", "service.auth"))}
        assert within == set(), name


def test_use_cases_are_free_of_flask() -> None:
    """What people ask for can be asked without HTTP: flask is for the app, its pages and its API."""
    web = {"app.py", "context.py", "problems.py", "logs.py", "wsgi.py", "api", "auth", "web"}
    found = {name.split("/")[1] for name in importers("flask")}
    assert found <= web


def test_packages_say_nothing_in_their_init() -> None:
    assert [name for name in NAMES if name.endswith("__init__.py") and (ROOT / name).read_text() != ""] == []


def test_every_folder_of_code_is_a_package_that_is_listed() -> None:
    """The packages are listed one by one in pyproject: a new one that is not would be missing from an installation."""
    listed = set(
        re.findall(r'"((?:service|connectors|schemas|graph)(?:\.\w+)*)"', (ROOT / "pyproject.toml").read_text())
    )
    folders = {str(path.parent.relative_to(ROOT)).replace("/", ".") for path in FILES}
    assert folders <= listed
    assert all((path.parent / "__init__.py").exists() for path in FILES)


def test_no_other_distribution_shadows_the_rooms() -> None:
    """Their names are common words."""
    owners = packages_distributions()
    assert {room: set(owners.get(room, ())) - {"greenchain"} for room in ROOMS} == {key: set() for key in ROOMS}
    for room in ROOMS:
        module = __import__(room)
        assert [str(Path(p).resolve()) for p in module.__path__] == [str(ROOT / room)]
    assert not set(ROOMS) & set(sys.stdlib_module_names)


# Size and words: the targets of the style reference


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (n for n in ast.walk(tree(path)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


def test_no_function_is_longer_than_sixty_lines() -> None:
    lengths = {
        f"{name}:{found.name}": (found.end_lineno or 0) - found.lineno + 1
        for name, path in zip(NAMES, FILES, strict=True)
        for found in functions(path)
    }
    assert {name: length for name, length in lengths.items() if length > 60} == {}
    ranked = sorted(lengths.values())
    assert ranked[len(ranked) // 2] <= 12
    assert ranked[len(ranked) * 9 // 10] <= 35


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    lengths = {name: len(path.read_text().splitlines()) for name, path in zip(NAMES, FILES, strict=True)}
    assert {name: length for name, length in lengths.items() if length > 400} == {}


def undocumented(path: Path) -> Iterator[str]:
    """Public functions, classes and methods without a docstring, and the module itself."""
    module = tree(path)
    if module.body and not ast.get_docstring(module):
        yield str(path)
    within = [module, *(n for n in module.body if isinstance(n, ast.ClassDef) and not n.name.startswith("_"))]
    for holder in within:
        for node in holder.body:
            named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            if named and not node.name.startswith("_") and not ast.get_docstring(node):
                yield f"{path.relative_to(ROOT)}:{node.lineno}:{node.name}"


def test_everything_public_says_what_it_is() -> None:
    # A class Meta is marshmallow's, an overload's second form says nothing new.
    assert [found for path in FILES for found in undocumented(path) if not found.endswith(":Meta")] == []


LEFT_OVERS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
INDEXES = re.compile(
    r"pypi\.org|files\.pythonhosted|registry\.npmjs|repo1?\.maven|index-url\s*=|--index-url", re.IGNORECASE
)


def checked_in() -> list[Path]:
    """Code, tests, scripts and locks of the checkout."""
    folders = (*ROOMS, "tests", "bench", "docs")
    found = [
        p
        for f in folders
        for p in (ROOT / f).rglob("*")
        if p.suffix in {".py", ".md", ".toml", ".java", ".html", ".xml"}
    ]
    return [*found, *ROOT.glob("*.toml"), *ROOT.glob("*.lock"), *ROOT.glob("*.md"), ROOT / "Makefile"]


@pytest.mark.parametrize(("pattern", "what"), [(LEFT_OVERS, "left-overs"), (INDEXES, "addresses of registries")])
def test_nothing_in_the_checkout_holds(pattern: re.Pattern[str], what: str) -> None:
    mine = Path(__file__).resolve()
    hits = [
        f"{p.relative_to(ROOT)}: {m[0]}" for p in checked_in() if p != mine and (m := pattern.search(p.read_text()))
    ]
    assert hits == [], what
