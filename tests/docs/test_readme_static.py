"""What the README says about settings, commands and exit codes is what the code says. Its commands run in tests/cli."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from service.cli.main import main
from service.config import SETTINGS, settings_table


def test_settings_are_those_of_the_code(readme: str) -> None:
    shown = re.search(r"<!-- settings:.*?-->\n(.*?)\n<!-- end of settings -->", readme, re.S)
    assert shown, "the README has no table of settings"
    assert shown[1] == settings_table(), "paste the output of service.config.settings_table()"


def test_environment_variables_named_exist(readme: str) -> None:
    named = set(re.findall(r"\b(?:GREENCHAIN|NEO4J)_[A-Z_]+\b", readme))
    # The credentials are read by the command line, not by the service.
    client = {"GREENCHAIN_CLIENT_ID", "GREENCHAIN_CLIENT_SECRET"}
    assert named - client <= {s.name for s in SETTINGS}


def _targets(makefile: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+):.*## ", makefile, re.M))


def test_make_targets_are_those_of_the_makefile(readme: str, checkout: Path) -> None:
    targets = _targets((checkout / "Makefile").read_text(encoding="utf-8")) - {"help"}
    table = set(re.findall(r"^\| `make ([a-z0-9-]+)` \|", readme, re.M))
    assert table == targets
    assert set(re.findall(r"`make ([a-z0-9-]+)`", readme)) <= targets


def test_commands_are_those_of_the_help(readme: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    # A subcommand stands alone at the start of an indented line of the help.
    helped = set(re.findall(r"^ {4}([a-z]+)(?:\s|$)", capsys.readouterr().out, re.M))
    section = readme.split("| `greenchain ...` |", 1)[1].split("\n\n", 1)[0]
    assert set(re.findall(r"^\| `([a-z]+)` \|", section, re.M)) == helped


def test_commands_used_exist(readme: str, capsys: pytest.CaptureFixture[str]) -> None:
    used = set(re.findall(r"\bgreenchain ((?:keys|accounts) [a-z]+|[a-z]+)(?= )", "\n".join(_blocks(readme))))
    assert used >= {"keys new", "keys register", "sign", "submit", "footprint"}
    for command in sorted(used):
        with pytest.raises(SystemExit) as ended:
            main([*command.split(), "--help"])
        assert ended.value.code == 0, command


def _blocks(readme: str) -> list[str]:
    return re.findall(r"^```sh [a-z]+\n(.*?)^```$", readme, re.M | re.S)


@pytest.mark.parametrize("code", ["0", "1", "2"])
def test_exit_codes_are_named(readme: str, code: str) -> None:
    assert re.search(rf"Exit codes:.*\b{code} ", readme.replace("\n", " "))
