"""``greenchain sign`` and ``greenchain submit``: from a statement's JSON to its verdict."""

import argparse
import secrets
import sys
import time
from pathlib import Path
from typing import Any

from graph.model.documents import Format
from schemas.errors import StatementInvalid, StrictJsonError
from schemas.statement import load_statement
from schemas.strict_json import parse
from service.cli.keys import read_key
from service.cli.output import (
    Failed,
    Unasked,
    add_json,
    add_service,
    check_out,
    client,
    console,
    print_json,
    print_table,
    read_file,
)
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
    check_out(options.out)
    check_out(options.kept)
    now = int(time.time())
    statement = _statement(options.statement, now)
    signed = sign_as(options.format, statement, read_key(options.key), _issuing(options, now))
    if options.kept:
        options.kept.write_bytes(b"".join(one + b"\n" for one in signed.kept))
    if options.out:
        options.out.write_bytes(signed.document)
        print(f"signed ({options.format}): {options.out}")
    else:
        sys.stdout.write(signed.document.decode())
    return 0


def _statement(path: Path, now: int) -> dict[str, Any]:
    """The statement in a file, with iat and exp. Raises ``Unasked`` naming the file and what is wrong with it."""
    try:
        statement = parse(read_file(path))
        if not isinstance(statement, dict):
            raise Unasked(f"{path}: a statement is a JSON object")
        statement = {"iat": now, "exp": now + HAND_IN_SECONDS} | statement
        load_statement(statement)
    except (StrictJsonError, StatementInvalid) as error:
        raise Unasked(f"{path}: {error}") from error
    return statement


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
        chain=read_file(options.chain) if options.chain else b"",
        audience=options.audience.rstrip("/"),
        hide=tuple(options.hide),
        salt=lambda: secrets.token_urlsafe(16),
    )


def submit_file(options: argparse.Namespace) -> int:
    """Hand the document in and show its verdict; exit code 1 where it was rejected."""
    content = read_file(options.document)
    compact = content.lstrip()[:1] != b"{"
    content = content.strip() if compact else content
    _must_say_when(options.document, content)
    answer = client(options).submit(content, guess(content).value)
    if options.json:
        print_json(answer)
    else:
        show_verdict(answer)
    rejected = _rejected(answer)
    if rejected:
        raise Failed(rejected)
    return 0


def _must_say_when(path: Path, content: bytes) -> None:
    """Plain JSON without iat would be rejected, and kept as that: ``sign`` fills it in, this must not guess it."""
    if guess(content) is not Format.JSON:
        return
    try:
        statement = parse(content)
    except StrictJsonError:
        return  # what is wrong with it is the service's to say
    if isinstance(statement, dict) and "iat" not in statement:
        raise Unasked(f"{path}: iat is missing: sign it with greenchain sign, or add iat, whole seconds since 1970")


def _rejected(answer: dict[str, Any]) -> str:
    """Which check failed, and why; empty where the document was accepted."""
    failed = [c for c in answer["verdict"]["checks"] if c["outcome"] == "failed"]
    if not failed:
        return ""
    return f"rejected by check {failed[0]['number']} ({failed[0]['name']}): {failed[0].get('detail', '')}"


def show_verdict(answer: dict[str, Any]) -> None:
    """In a line whether it was accepted; then the outcome of every check, and the findings."""
    told = _rejected(answer) or f"accepted: ledger entry {answer['ledger_index']}"
    console.print(told, soft_wrap=True, markup=False)
    rows = [[c["number"], c["name"], c["outcome"], c.get("detail", "")] for c in answer["verdict"]["checks"]]
    print_table(f"Document {answer['id']}, ledger index {answer['ledger_index']}", ("", "check", "outcome", ""), rows)
    for finding in answer["verdict"]["findings"]:
        console.print(f"finding {finding['code']}: {finding['message']}")
