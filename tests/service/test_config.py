"""Settings and the server secret."""

import multiprocessing
import re
from pathlib import Path

import pytest

from service.config import SETTINGS, ConfigError, Settings, settings_table
from service.secrets import FILE_NAME, derive, server_secret


def read(**environ):
    return Settings.from_environment(environ)


def test_an_empty_environment_gives_the_documented_defaults():
    settings = read()
    assert settings.data == Path.cwd() / "data"
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8410, 2)
    assert settings.url == "http://127.0.0.1:8410"
    assert settings.https is False
    assert (settings.max_document_bytes, settings.max_batch_bytes) == (4 * 2**20, 32 * 2**20)
    assert settings.neo4j_uri == ""
    assert settings.neo4j_password == ""


def test_the_table_names_every_field_once():
    assert [s.field for s in SETTINGS] == list(Settings.__dataclass_fields__)


def test_the_readme_table_has_a_row_a_setting():
    rows = settings_table().splitlines()
    assert rows[0] == "| variable | value | default | meaning |"
    assert [re.match(r"\| `([A-Z0-9_]+)` \|", row)[1] for row in rows[2:]] == [s.name for s in SETTINGS]
    assert "| `GREENCHAIN_PORT` | a port number from 1 to 65535 | `8410` | Port to listen on. |" in rows
    assert all(row.count("|") == 5 for row in rows)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GREENCHAIN_PORT", "0"),
        ("GREENCHAIN_PORT", "65536"),
        ("GREENCHAIN_PORT", "٨٤١٠"),
        ("GREENCHAIN_PORT", "84.1"),
        ("GREENCHAIN_PORT", "9" * 5000),
        ("GREENCHAIN_HOST", "not a host"),
        ("GREENCHAIN_WORKERS", "-1"),
        ("GREENCHAIN_HTTPS", "maybe"),
        ("GREENCHAIN_URL", "ftp://x"),
        ("GREENCHAIN_URL", "https://user:pw@x"),
        ("GREENCHAIN_URL", "https://x/path"),
        ("GREENCHAIN_URL", "https://x:port"),
        ("GREENCHAIN_LOG", "xml"),
        ("GREENCHAIN_POLICY", "../secret"),
        ("GREENCHAIN_TOKEN_SECONDS", "1"),
        ("GREENCHAIN_MAX_DOCUMENT_BYTES", "4MiB"),
        ("GREENCHAIN_DATA", __file__),
        ("GREENCHAIN_ALLOWED_HOSTS", "https://inner.example"),
        ("GREENCHAIN_ALLOWED_HOSTS", "inner.example:0"),
        ("GREENCHAIN_ALLOWED_HOSTS", "inner.example:"),
        ("GREENCHAIN_ALLOWED_HOSTS", "a.example,,b.example"),
        ("GREENCHAIN_CA_FILE", "/no/such/file"),
        ("NEO4J_URI", "http://x"),
        ("NEO4J_URI", "neo4j://user:pw@x"),
        ("NEO4J_DATABASE", "a b"),
    ],
)
def test_a_wrong_value_is_one_line_with_name_value_and_expectation(name, value):
    with pytest.raises(ConfigError) as error:
        read(**{name: value})
    message = str(error.value)
    assert message.startswith(f"{name}: ")
    assert repr(value[:80]) in message
    assert " is not " in message
    assert "\n" not in message


def test_settings_that_contradict_each_other_are_refused():
    with pytest.raises(ConfigError, match="GREENCHAIN_HTTPS"):
        read(GREENCHAIN_HTTPS="1", GREENCHAIN_URL="http://x")
    with pytest.raises(ConfigError, match="GREENCHAIN_HTTPS"):
        read(GREENCHAIN_HTTPS="0", GREENCHAIN_URL="https://x")
    with pytest.raises(ConfigError, match="GREENCHAIN_MAX_BATCH_BYTES"):
        read(GREENCHAIN_MAX_BATCH_BYTES="2048")


def test_a_server_needs_a_password_and_the_message_shows_none():
    with pytest.raises(ConfigError, match="NEO4J_PASSWORD"):
        read(NEO4J_URI="neo4j://db:7687")
    settings = read(NEO4J_URI="neo4j+s://db:7687", NEO4J_PASSWORD="hunter2hunter2")
    assert settings.neo4j_password == "hunter2hunter2"
    assert "hunter2" not in repr(settings)


def test_https_follows_the_address():
    settings = read(GREENCHAIN_URL="https://greenchain.example/")
    assert settings.https is True
    assert settings.url == "https://greenchain.example"


def test_an_ipv6_host_makes_an_address():
    assert read(GREENCHAIN_HOST="::1").url == "http://[::1]:8410"


def test_the_secret_is_made_once_and_only_its_owner_reads_it(tmp_path):
    secret = server_secret(tmp_path / "data")
    path = tmp_path / "data" / FILE_NAME
    assert len(secret) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert server_secret(tmp_path / "data") == secret
    assert [p.name for p in path.parent.iterdir()] == [FILE_NAME]


def _secret_in_child(data, results):
    results.put(server_secret(Path(data)).hex())


def test_racing_workers_agree_on_one_secret(tmp_path):
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    workers = [context.Process(target=_secret_in_child, args=(str(tmp_path), results)) for _ in range(8)]
    for worker in workers:
        worker.start()
    found = {results.get(timeout=30) for _ in workers}
    for worker in workers:
        worker.join(30)
    assert len(found) == 1


def test_a_secret_that_others_can_read_is_refused(tmp_path):
    server_secret(tmp_path)
    (tmp_path / FILE_NAME).chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        server_secret(tmp_path)


@pytest.mark.parametrize("content", ["", "ab", "zz" * 32])
def test_a_broken_secret_is_refused_and_not_replaced(tmp_path, content):
    path = tmp_path / FILE_NAME
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="not a server secret"):
        server_secret(tmp_path)
    assert path.read_text() == content


def test_keys_for_two_purposes_differ():
    assert derive(b"s" * 32, "a") != derive(b"s" * 32, "b")


def test_allowed_hosts_are_those_named_and_nothing_without():
    assert read().allowed_hosts == ""
    assert (
        read(GREENCHAIN_ALLOWED_HOSTS="Inner.example, b.example:8443 ").allowed_hosts == "inner.example,b.example:8443"
    )
