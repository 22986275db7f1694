"""``greenchain audit`` and ``greenchain witness``: checking another's log over HTTP, without an account."""

import argparse
import json
import os
import secrets
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from connectors.ledger import LedgerReader
from service.cli.output import Failed, Unasked, add_json, console, print_json, print_table, progress, progress_console
from service.cli.witnesses import add_witnesses, asked_witnesses
from service.ledger.audit_state import AuditState
from service.ledger.errors import LedgerError, NoteRefused, ProofRefused
from service.ledger.files import read_signer, signer
from service.ledger.monitor import Monitor, Report, read_tree
from service.ledger.note import KeyType, Verifier, open_checkpoint, parse_vkey
from service.ledger.quorum import Quorum
from service.ledger.witness import AddCheckpoint, Witness, WitnessRefused

LINE_SECONDS = 10.0


def add_to(commands: Any) -> None:
    """Add the commands to the parser."""
    audit = commands.add_parser("audit", help="read a ledger from end to end and check it, without an account")
    audit.add_argument("url", help="address of the service")
    audit.add_argument(
        "--state", type=Path, help="file that keeps what was seen: the next audit reads what is newer; made if absent"
    )
    audit.add_argument("--log-key", help="the ledger's key (name+id+base64); otherwise that of the state, or as served")
    add_witnesses(audit)
    audit.add_argument("--follow", type=float, metavar="SECONDS", help="look again every so many seconds")
    add_json(audit)
    audit.set_defaults(handler=run_audit)
    witness = commands.add_parser("witness", help="cosign a ledger's head if it continues the last one cosigned")
    witness.add_argument("url", help="address of the service")
    witness.add_argument("--key", required=True, type=Path, help="file of the witness's private key")
    witness.add_argument("--name", help="name of the witness: makes the key if there is none")
    witness.add_argument("--state", type=Path, help="folder that keeps the heads cosigned last (KEY.heads)")
    witness.add_argument("--log-key", help="the ledger's key (name+id+base64); needed the first time")
    add_json(witness)
    witness.set_defaults(handler=run_witness)


def run_audit(options: argparse.Namespace) -> int:
    """Look at the log once, or again and again. 1 where it shows a fault."""
    reader = LedgerReader(options.url)
    quorum = asked_witnesses(options)
    with closing(AuditState(options.state)) as state:
        return _follow(options, reader, state, quorum)


def _follow(options: argparse.Namespace, reader: LedgerReader, state: AuditState, quorum: Quorum) -> int:
    key, as_served = _log_key(options.log_key or state.log_key, reader)
    if state.log_key not in {"", key.vkey}:
        raise Unasked(f"{options.state}: is about another ledger's key, {state.log_key}")
    monitor = Monitor(key, state, quorum)
    while True:
        report = _look(monitor, reader)
        _show(options, report, key, as_served)
        if not report.sound:
            return 1
        if not options.follow:
            return 0
        time.sleep(options.follow)


def _look(monitor: Monitor, reader: LedgerReader) -> Report:
    try:
        with progress() as bar:
            task, lines = bar.add_task("reading the ledger"), _Lines()

            def told(done: int, of: int) -> None:
                bar.update(task, completed=done, total=of)
                lines.tell(done, of)

            return monitor.look(reader, told)
    except (NoteRefused, ProofRefused) as error:
        raise Failed(f"the ledger is not sound: {error}") from error


class _Lines:
    """What a bar cannot show where standard error is no terminal: a line now and then."""

    def __init__(self) -> None:
        self._next = time.monotonic() + LINE_SECONDS

    def tell(self, done: int, of: int) -> None:
        if not progress_console.is_terminal and time.monotonic() >= self._next:
            self._next = time.monotonic() + LINE_SECONDS
            progress_console.print(f"greenchain: {done} of {of} entries read")


def _show(options: argparse.Namespace, report: Report, key: Verifier, as_served: bool) -> None:
    if options.json:
        print_json(report.to_json() | {"log_key": key.vkey, "log_key_as_served": as_served})
        return
    rows: list[list[Any]] = [
        ["entries", report.size],
        ["read now", report.read],
        ["root", report.root],
        ["log key", key.vkey],
    ]
    rows += [["cosigned by", name] for name in report.witnesses]
    rows += [[f"of kind {kind}", number] for kind, number in report.kinds.items()]
    print_table(f"Ledger {report.origin}: {'sound' if report.sound else 'NOT SOUND'}", ("", ""), rows)
    if as_served:
        console.print("The key is the one that the service itself names: compare it with what its operator told you.")
    for found in report.findings:
        console.print(f"{'FAULT' if found.fault else 'note'} {found.code}: {found.message}", soft_wrap=True)
        for note in found.evidence:
            console.print(note, soft_wrap=True)


def run_witness(options: argparse.Namespace) -> int:
    """Cosign the head of a log and print the cosignature line. 1 where it does not continue the last one cosigned."""
    own = _witness_key(options)
    reader = LedgerReader(options.url)
    folder = options.state or options.key.with_name(f"{options.key.name}.heads")
    key = _pinned(folder, options.log_key, reader.url)
    witness = Witness(folder, own, [key])
    try:
        note = reader.checkpoint()
        head, _ = open_checkpoint(note, [key])
        line = witness.add(_request(reader, witness, note, head.size).body, time.time())
    except (NoteRefused, ProofRefused, WitnessRefused) as error:
        raise Failed(f"not cosigned: {error}") from error
    _write_private(folder / "logs.json", _pins(folder) | {reader.url: key.vkey})
    if options.json:
        told = {"origin": head.origin, "size": head.size, "root": head.root.hex()}
        print_json(told | {"cosignature": line.rstrip("\n"), "witness_key": witness.vkey, "checkpoint": note.decode()})
    else:
        console.file.write(note.decode() + line)
    return 0


def _request(reader: LedgerReader, witness: Witness, note: bytes, size: int) -> AddCheckpoint:
    """What the log would send: the proof is computed from its hash tiles, and verified like any other."""
    origin = note.split(b"\n", 1)[0].decode()
    known = witness.known(origin)
    old = known.size if known else 0
    if old > size:
        raise WitnessRefused(409, f"the ledger has {size} entries and was cosigned with {old}: it was rolled back", old)
    proof = read_tree(reader, size).consistency(old, size) if 0 < old < size else []
    return AddCheckpoint(old, tuple(proof), note)


def _witness_key(options: argparse.Namespace) -> Any:
    if not options.key.exists() and not options.name:
        raise Unasked(f"{options.key}: there is no such file; --name NAME makes a key for a witness of that name")
    try:
        return signer(options.key, options.name, KeyType.COSIGNATURE) if options.name else read_signer(options.key)
    except LedgerError as error:
        raise Unasked(str(error)) from error


def _pinned(folder: Path, given: str | None, url: str) -> Verifier:
    """A witness speaks for a key that it was given: taking what the service serves would vouch for anybody."""
    known = _pins(folder).get(url, "")
    if not (given or known):
        raise Unasked("--log-key: a witness has to be told the ledger's key the first time (see /ledger/keys)")
    if given and known and given != known:
        raise Unasked(f"--log-key: this witness knows the ledger at {url} by another key, {known}")
    return _parsed(given or known)


def _pins(folder: Path) -> dict[str, str]:
    return _read_json(folder / "logs.json")


def _log_key(told: str, reader: LedgerReader) -> tuple[Verifier, bool]:
    return (_parsed(told), False) if told else (_parsed(reader.log_key()), True)


def _parsed(vkey: str) -> Verifier:
    try:
        return parse_vkey(vkey)
    except NoteRefused as error:
        raise Unasked(f"the ledger's key: {error}") from error


def _read_json(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise Unasked(f"{path}: cannot be read; choose another file")
    return found


def _write_private(path: Path, content: dict[str, str]) -> None:
    """Whole or not at all: what was seen before must not be lost."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
