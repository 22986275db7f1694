"""Settings: read from the environment through one table, which the README prints as well."""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from graph.errors import GreenchainError

MIB = 1024 * 1024
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


class ConfigError(GreenchainError):
    """A setting is wrong; the message is one line: variable, value, and what is expected."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How this service runs. Field by field what `SETTINGS` says."""

    data: Path
    host: str
    port: int
    workers: int
    url: str
    https: bool
    max_document_bytes: int
    max_batch_bytes: int
    max_batch_documents: int
    min_contributors: int
    receipts_per_hour: int
    max_chain_rows: int
    ledger_origin: str
    witness_logs: str
    witnesses: str
    token_seconds: int
    log: str
    policy: str
    allowed_hosts: str
    ca_file: str
    trust_anchors: str
    recognised_bodies: str
    status_refresh_seconds: int
    neo4j_uri: str
    neo4j_user: str
    neo4j_password: str = field(repr=False)
    neo4j_database: str

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read every setting; raises ConfigError at the first wrong one."""
        values: dict[str, Any] = {s.field: s.read(environ.get(s.name, "")) for s in SETTINGS}
        shown = f"[{values['host']}]" if ":" in values["host"] else values["host"]
        values["url"] = values["url"] or f"http://{shown}:{values['port']}"
        if values["https"] is None:
            values["https"] = values["url"].startswith("https:")
        _agree(values)
        return cls(**values)

    @property
    def recognised(self) -> frozenset[str]:
        """The accreditation bodies that count beside the policy's own."""
        return frozenset(self.recognised_bodies.split())

    def environment(self) -> dict[str, str]:
        """The environment that gives a child process these settings."""
        values = {s.name: getattr(self, s.field) for s in SETTINGS}
        return {name: str(int(v) if isinstance(v, bool) else v) for name, v in values.items()}


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table: the variable, how it is read, its default as one would type it, and what it means."""

    name: str
    type: str
    default: str
    meaning: str
    secret: bool = False

    @property
    def field(self) -> str:
        """The name of the field of Settings."""
        return self.name.removeprefix("GREENCHAIN_").lower()

    def read(self, text: str) -> Any:
        """Return the value that `text` (the default when empty) stands for."""
        text = text.strip() or self.default
        parse, expected = TYPES[self.type]
        try:
            return parse(text)
        except ValueError:
            shown = "(not shown)" if self.secret else repr(text[:80])
            raise ConfigError(f"{self.name}: {shown} is not {expected}") from None


def _between(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", text) or not low <= int(text) <= high:
            raise ValueError(text)
        return int(text)

    return parse


def _interval(text: str) -> int:
    return 0 if text == "0" else _between(60, 604_800)(text)


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(text)
        return text

    return parse


def _matching(pattern: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(text)
        return text

    return parse


def _switch(text: str) -> bool | None:
    if text and text.lower() not in _TRUE + _FALSE:
        raise ValueError(text)
    return text.lower() in _TRUE if text else None


def _host(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", text):
        ipaddress.ip_address(text)
    return text


def _folder(text: str) -> Path:
    path = Path(text).expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise ValueError(text)
    return path


def _hosts(text: str) -> str:
    """``host`` or ``host:port``, separated by commas; the same in lower case and without spaces."""
    hosts = [host.strip().lower() for host in text.split(",")] if text else []
    for host in hosts:
        name, _, port = host.partition(":")
        if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", name) or (":" in host and not port):
            raise ValueError(text)
        _between(1, 65535)(port or "443")
    return ",".join(hosts)


def _existing_folder(text: str) -> str:
    path = Path(text).expanduser().absolute() if text else None
    if path is not None and not path.is_dir():
        raise ValueError(text)
    return str(path or "")


def _file(text: str) -> str:
    path = Path(text).expanduser().absolute() if text else None
    if path is not None and not path.is_file():
        raise ValueError(text)
    return str(path or "")


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    _ = parts.port  # raises ValueError when it is no number
    strange = parts.path not in {"", "/"} or parts.query or parts.fragment or parts.username or parts.password
    if text and (parts.scheme not in {"http", "https"} or not parts.hostname or strange):
        raise ValueError(text)
    return text.rstrip("/")


def _uris(text: str) -> str:
    if any(not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s|]+", uri) for uri in text.split()):
        raise ValueError(text)
    return " ".join(text.split())


def _bolt(text: str) -> str:
    parts = urlsplit(text)
    _ = parts.port
    known = re.fullmatch(r"(neo4j|bolt)(\+s|\+ssc)?", parts.scheme)
    if text and (not known or not parts.hostname or parts.username or parts.password):
        raise ValueError(text)
    return text


# How a type is read, and what is expected in words.
TYPES: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "folder": (_folder, "a folder"),
    "host": (_host, "an IP address or a host name"),
    "port": (_between(1, 65535), "a port number from 1 to 65535"),
    "workers": (_between(1, 64), "a whole number from 1 to 64"),
    "bytes": (_between(1024, 1024 * MIB), "a whole number of bytes from 1024 to 1073741824"),
    "documents": (_between(1, 100_000), "a whole number from 1 to 100000"),
    "rows": (_between(1, 100_000_000_000), "a whole number from 1 to 100000000000"),
    "count": (_between(1, 1000), "a whole number from 1 to 1000"),
    "seconds": (_between(60, 86_400), "a whole number of seconds from 60 to 86400"),
    "interval": (_interval, "0, or a whole number of seconds from 60 to 604800"),
    "switch": (_switch, "one of 1, 0, true, false, yes, no, on, off"),
    "url": (_base_url, "an http:// or https:// address without path, query or user"),
    "bolt": (_bolt, "an address such as neo4j://host:7687 or bolt+s://host, without user or password in it"),
    "format": (_one_of("json", "text"), "json or text"),
    "name": (_matching(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}"), "a name of 1 to 63 letters, digits, dots, _ or -"),
    "origin": (_matching(r"[!-*,-~]{0,200}"), "a name such as example.com/ledger, without spaces and plus signs"),
    "vkeys": (
        _matching(r"([^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+(\s+|$))*"),
        "keys in the form name+id+base64, with spaces between",
    ),
    "witnesses": (
        _matching(r"([^\s,+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+\s+https://[^\s,]+(\s*,\s*|$))*"),
        "a key in the form name+id+base64 and an https:// address with a space between, separated by commas",
    ),
    "hosts": (_hosts, "host names, each with a port where that is not 443, separated by commas"),
    "existing folder": (_existing_folder, "a folder that exists"),
    "file": (_file, "a file that exists"),
    "uris": (_uris, "a list of URIs with spaces between them"),
    "text": (str, "a text"),
}

SETTINGS: tuple[Setting, ...] = (
    Setting("GREENCHAIN_DATA", "folder", "./data", "Folder for the embedded graph, the server secret and the logs."),
    Setting(
        "GREENCHAIN_HOST", "host", "127.0.0.1", "Address to listen on; put a TLS proxy in front before opening it."
    ),
    Setting("GREENCHAIN_PORT", "port", "8410", "Port to listen on."),
    Setting("GREENCHAIN_WORKERS", "workers", "2", "Worker processes."),
    Setting("GREENCHAIN_URL", "url", "", "Public base address; empty: http:// with host and port."),
    Setting(
        "GREENCHAIN_HTTPS",
        "switch",
        "",
        "Refuse plain http and send Secure cookies; a proxy in front ends TLS and sets X-Forwarded-Proto and "
        "X-Forwarded-For. Empty: on when GREENCHAIN_URL is https.",
    ),
    Setting("GREENCHAIN_MAX_DOCUMENT_BYTES", "bytes", str(4 * MIB), "Largest document taken in."),
    Setting("GREENCHAIN_MAX_BATCH_BYTES", "bytes", str(32 * MIB), "Largest batch of documents taken in."),
    Setting("GREENCHAIN_MAX_BATCH_DOCUMENTS", "documents", "5000", "Most documents in one batch."),
    Setting("GREENCHAIN_MIN_CONTRIBUTORS", "count", "3", "Fewest organizations behind an aggregate that is shown."),
    Setting(
        "GREENCHAIN_RECEIPTS_PER_HOUR",
        "documents",
        "600",
        "Most receipts that one system or person is given by one worker, of those that add an entry to the ledger.",
    ),
    Setting(
        "GREENCHAIN_MAX_CHAIN_ROWS",
        "rows",
        "20000000",
        "Most rows of the chain (facts, and what they list) that a worker keeps in memory, at about 150 bytes a row "
        "with all that is made of them, 200 while it is made. Of a larger chain, what a question about a lot or "
        "product needs is read from the graph, and questions about the whole chain are refused.",
    ),
    Setting(
        "GREENCHAIN_LEDGER_ORIGIN",
        "origin",
        "",
        "Name of the ledger in its signed heads, fixed at the first start; empty: GREENCHAIN_URL without scheme, and "
        "`/ledger`.",
    ),
    Setting(
        "GREENCHAIN_WITNESS_LOGS", "vkeys", "", "Keys of other ledgers whose heads this service cosigns as a witness."
    ),
    Setting(
        "GREENCHAIN_WITNESSES",
        "witnesses",
        "",
        "Witnesses that are asked to cosign this ledger's heads: the key and the https address (without "
        "`/add-checkpoint`) of each.",
    ),
    Setting("GREENCHAIN_TOKEN_SECONDS", "seconds", "3600", "Life of an access token."),
    Setting("GREENCHAIN_LOG", "format", "json", "Log lines on standard error: json or text."),
    Setting("GREENCHAIN_POLICY", "name", "default", "Evidence policy of the roll-up."),
    Setting(
        "GREENCHAIN_ALLOWED_HOSTS",
        "hosts",
        "",
        "Hosts of did:web issuers and status lists that may lead to addresses inside a network; all others must be "
        "public.",
    ),
    Setting(
        "GREENCHAIN_CA_FILE",
        "file",
        "",
        "Certificates (PEM) trusted when issuers' documents and status lists are fetched, in place of the public ones.",
    ),
    Setting(
        "GREENCHAIN_TRUST_ANCHORS",
        "existing folder",
        "",
        "Folder with root certificates (`*.pem`) for statements signed with a certificate chain, and revocation lists "
        "(`*.crl`); read at start. Empty: no chain is taken.",
    ),
    Setting(
        "GREENCHAIN_RECOGNISED_BODIES",
        "uris",
        "",
        "Accreditation bodies that count; empty: no assurance does.",
    ),
    Setting(
        "GREENCHAIN_STATUS_REFRESH_SECONDS",
        "interval",
        "3600",
        "How often the status lists of accepted documents are read again; 0: only by `greenchain status refresh`.",
    ),
    Setting("NEO4J_URI", "bolt", "", "Graph server to use; empty: the embedded engine in GREENCHAIN_DATA."),
    Setting("NEO4J_USER", "text", "neo4j", "User at the graph server."),
    Setting("NEO4J_PASSWORD", "text", "", "Password at the graph server; needed when NEO4J_URI is set.", secret=True),
    Setting("NEO4J_DATABASE", "name", "neo4j", "Database at the graph server."),
)


def settings_table() -> str:
    """Return the settings as a Markdown table, for the README."""
    rows = [f"| `{s.name}` | {TYPES[s.type][1]} | {_shown(s.default)} | {s.meaning} |" for s in SETTINGS]
    return "\n".join(("| variable | value | default | meaning |", "|---|---|---|---|", *rows))


def _shown(default: str) -> str:
    return f"`{default}`" if default else "(empty)"


def _agree(values: Mapping[str, Any]) -> None:
    """Refuse settings that are right alone and wrong together."""
    if values["https"] != values["url"].startswith("https:"):
        raise ConfigError(
            f"GREENCHAIN_HTTPS: {'on' if values['https'] else 'off'} does not go with GREENCHAIN_URL {values['url']!r}"
        )
    if values["max_batch_bytes"] < values["max_document_bytes"]:
        raise ConfigError(
            f"GREENCHAIN_MAX_BATCH_BYTES: {values['max_batch_bytes']} is not at least GREENCHAIN_MAX_DOCUMENT_BYTES "
            f"({values['max_document_bytes']})"
        )
    if values["neo4j_uri"] and not values["neo4j_password"]:
        raise ConfigError("NEO4J_PASSWORD: (empty) is not the password that NEO4J_URI needs")
