"""``greenchain sign`` and ``greenchain submit``: from a statement's JSON to its verdict."""

import argparse
import secrets
import sys
import time
from pathlib import Path
from typing import Any

from schemas.statement import load_statement
from schemas.strict_json import parse
from service.cli.keys import read_key
from service.cli.output import Failed, Unasked, add_json, add_service, client, console, print_json, print_table
from service.trust.forms import guess
from service.trust.signing_forms import FORMS, Issuing, sign_as

HAND_IN_SECONDS = 24 * 3600


def add_to(commands: Any) -> None:
    """Add the commands to the parser."""
    sign = commands.add_parser("sign", help="sign a statement (JSON)")
    sign.add_argument("statement", type=Path, help="file of the statement; - reads standard input")
    sign.add_argument("--key", required=True, type=Path, help="file of the private key")
    sign.add_argument("--out", type=Path, help="where the signed statement goes; standard output where absent")
    sign.add_argument("--format", choices=tuple(FORMS), default="jws", help="form of the signed document")
    sign.add_argument(
        "--method", default="", help="vc-jwt, data-integrity: DID URL of the key; its did:key where absent"
    )
    sign.add_argument("--chain", type=Path, help="x5c: file of the certificate chain (PEM), the signer's first")
    sign.add_argument("--audience", default="", help="sd-jwt: address of the service that it is for")
    sign.add_argument("--hide", action="append", default=[], help="sd-jwt: an input not to show, as /facts/0/inputs/2")
    sign.add_argument("--kept", type=Path, help="sd-jwt: where the disclosures go that are not shown, one a line")
    sign.set_defaults(handler=sign_file)
    submit = commands.add_parser("submit", help="hand in a signed statement, or plain JSON of your own organization")
    submit.add_argument("document", type=Path, help="file of the document; - reads standard input")
    add_service(submit)
    add_json(submit)
    submit.set_defaults(handler=submit_file)


def sign_file(options: argparse.Namespace) -> int:
    """Check the statement against the published schema, fill in iat and exp where absent, and sign it."""
    statement = parse(_read(options.statement))
    if not isinstance(statement, dict):
        raise Unasked(f"{options.statement}: a statement is a JSON object")
    now = int(time.time())
    statement = {"iat": now, "exp": now + HAND_IN_SECONDS} | statement
    load_statement(statement)
    signed = sign_as(options.format, statement, read_key(options.key), _issuing(options, now))
    if options.kept:
        options.kept.write_bytes(b"".join(one + b"\n" for one in signed.kept))
    if options.out:
        options.out.write_bytes(signed.document)
    else:
        sys.stdout.write(signed.document.decode())
    return 0


def _issuing(options: argparse.Namespace, now: int) -> Issuing:
    """What the form asked for needs. Raises ``Unasked`` where an option is missing."""
    needed = {"x5c": ("chain", "a file of certificates"), "sd-jwt": ("audience", "the address of the service")}
    name, meant = needed.get(options.format, ("", ""))
    if name and not getattr(options, name):
        raise Unasked(f"--format {options.format} needs --{name}: {meant}")
    if options.hide and not options.kept:
        raise Unasked("--hide needs --kept: what is not shown can only be shown later by whoever kept it")
    return Issuing(
        at=now,
        method=options.method,
        chain=_read(options.chain) if options.chain else b"",
        audience=options.audience.rstrip("/"),
        hide=tuple(options.hide),
        salt=lambda: secrets.token_urlsafe(16),
    )


def submit_file(options: argparse.Namespace) -> int:
    """Hand the document in and show its verdict; exit code 1 where it was rejected."""
    content = _read(options.document)
    compact = content.lstrip()[:1] != b"{"
    content = content.strip() if compact else content
    answer = client(options).submit(content, guess(content).value)
    if options.json:
        print_json(answer)
    else:
        show_verdict(answer)
    failed = [c for c in answer["verdict"]["checks"] if c["outcome"] == "failed"]
    if failed:
        raise Failed(f"rejected by check {failed[0]['number']} ({failed[0]['name']}): {failed[0].get('detail', '')}")
    return 0


def _read(path: Path) -> bytes:
    if str(path) == "-":
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise Unasked(f"{path}: there is no such file") from None


def show_verdict(answer: dict[str, Any]) -> None:
    """The outcome of every check, and the findings."""
    rows = [[c["number"], c["name"], c["outcome"], c.get("detail", "")] for c in answer["verdict"]["checks"]]
    print_table(f"Document {answer['id']}, ledger index {answer['ledger_index']}", ("", "check", "outcome", ""), rows)
    for finding in answer["verdict"]["findings"]:
        console.print(f"finding {finding['code']}: {finding['message']}")
