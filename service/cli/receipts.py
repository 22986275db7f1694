"""``greenchain receipt`` and ``greenchain verify``: a figure that carries its proof, and what the proof is worth."""

import argparse
import json
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.tree import Tree

from graph.model.documents import Format
from graph.model.refs import Kind, Ref, uid
from service.anchors import read_anchors
from service.cli.asking import is_address
from service.cli.output import (
    Failed,
    Unasked,
    add_json,
    add_service,
    check_out,
    client,
    console,
    print_json,
    read_file,
)
from service.cli.witnesses import add_witnesses, asked_witnesses
from service.config import ConfigError
from service.ledger.errors import NoteRefused
from service.ledger.note import Verifier, parse_vkey
from service.receipts.declaration import Given, verify_declaration
from service.receipts.report import Line, Standing
from service.receipts.verifying import verify_receipt
from service.trust.anchors import TrustAnchors
from service.trust.forms import guess

_SIGNS = {Standing.PROVEN: "[green]proven[/]", Standing.WORD: "[yellow]on word[/]", Standing.WRONG: "[red]WRONG[/]"}


def add_to(commands: Any) -> None:
    """Add the commands to the parser."""
    _add_receipt(commands.add_parser("receipt", help="a figure that carries its proof, as a file"))
    _add_verify(commands.add_parser("verify", help="verify a receipt or a signed declaration, offline"))


def _add_receipt(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("subject", help="the lot's (or product's) id, or its address (uid)")
    parser.add_argument("--issuer", help="URI of the organization that gives the id; your own where absent")
    parser.add_argument("--product-period", metavar="START/END", help="the subject is a product, over this period")
    parser.add_argument("--as-of", default="", help="a ledger index, a date or a time")
    parser.add_argument("--out", type=Path, required=True, help="where the receipt goes")
    add_service(parser)
    add_json(parser)
    parser.set_defaults(handler=receipt)


def _add_verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="a receipt, or a signed declaration in any form")
    parser.add_argument("--log-key", action="append", default=[], help="a verifier key of the ledger; may be repeated")
    add_witnesses(parser)
    parser.add_argument(
        "--anchors", type=Path, help="folder with the root certificates (*.pem) that you trust yourself"
    )
    parser.add_argument("--key", type=Path, help="of a declaration: file with the signer's public key (JWK)")
    parser.add_argument("--issuer", help="of a declaration: URI of the organization that the key belongs to")
    parser.add_argument("--proof", type=Path, help="of a declaration: file with its proof from the ledger")
    parser.add_argument("--did-document", type=Path, help="of a declaration by a did:web: file with its document")
    parser.add_argument("--status-list", type=Path, help="of a declaration with a status: file with its status list")
    parser.add_argument("--audience", default="", help="of an SD-JWT: address of the service that it was made out to")
    add_json(parser)
    parser.set_defaults(handler=verify)


def receipt(options: argparse.Namespace) -> int:
    """Ask for the receipt and write it to a file."""
    check_out(options.out)
    service = client(options)
    kind = Kind.PRODUCT if options.product_period else Kind.LOT
    address = options.subject
    if not is_address(address):
        issuer = options.issuer or service.get("/api/v1/me")["organization"]
        address = uid(kind, Ref(issuer, address).key)
    query = {"as_of": options.as_of} if options.as_of else {}
    query |= {"period": options.product_period} if options.product_period else {}
    content = service.receipt(f"/api/v1/{kind.value}s/{address}/receipt", **query)
    options.out.write_bytes(content)
    found = json.loads(content)
    if options.json:
        print_json({n: found[n] for n in ("numbers", "content", "unit", "basis", "as_of")} | {"bytes": len(content)})
    else:
        console.print(f"{len(content)} bytes in {options.out}: {len(found['exhibits'])} documents with their proofs")
    return 0


def verify(options: argparse.Namespace) -> int:
    """Verify a file and show what was proven, and what on whose word. Exit code 1 where something is wrong."""
    logs, quorum = [_log_key(text) for text in options.log_key], asked_witnesses(options)
    content = _read(options.file)
    if guess(content) is Format.JSON:
        _must_be_receipt(options.file, content)
        if not logs:
            raise Unasked("name the ledger's key with --log-key: a receipt is only as good as the key it is checked by")
        tree = verify_receipt(content, logs, roots=_anchors(options).roots, quorum=quorum).tree
    else:
        tree = verify_declaration(content, _given(options), _read(options.proof), logs, quorum=quorum)
    if options.json:
        print_json({"holds": tree.holds, "tree": _json(tree)})
    else:
        _draw(tree)
    if not tree.holds:
        raise Failed(f"{options.file} does not hold: {'; '.join(_where(line) for line in tree.wrong())}")
    return 0


def _given(options: argparse.Namespace) -> Given:
    """What the reader of a declaration knows: at least the signer's key and whose it is, or a certificate authority."""
    if bool(options.key) != bool(options.issuer) or not (options.key or options.anchors):
        raise Unasked(
            "of a declaration, name the signer's public key (--key) and whose it is (--issuer), or the certificate "
            "authorities that you trust (--anchors)"
        )
    return Given(
        jwk=_read(options.key),
        issuer=options.issuer or "",
        anchors=_anchors(options),
        did_document=_read(options.did_document),
        status_list=_read(options.status_list),
        audience=options.audience,
    )


def _must_be_receipt(path: Path, content: bytes) -> None:
    """A plain statement is signed by nobody, so there is nothing of it to verify. Raises ``Unasked``."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return  # a receipt that was damaged: that it does not hold is the verdict
    if not isinstance(found, dict) or ("checkpoint" not in found and "version" not in found):
        raise Unasked(f"{path}: this is neither a receipt nor a signed declaration")


def _read(path: Path | None) -> bytes:
    return read_file(path) if path else b""


def _anchors(options: argparse.Namespace) -> TrustAnchors:
    try:
        return read_anchors(str(options.anchors or ""))
    except ConfigError as error:
        raise Unasked(f"--anchors: {error}") from error


def _log_key(text: str) -> Verifier:
    try:
        return parse_vkey(text)
    except NoteRefused as error:
        raise Unasked(f"--log-key: {error}") from error


def _where(line: Line) -> str:
    return f"{line.what}: {line.detail}" if line.detail else line.what


def _json(line: Line) -> dict[str, Any]:
    shown: dict[str, Any] = {"what": line.what, "standing": line.standing.value}
    if line.detail:
        shown["detail"] = line.detail
    return shown | ({"parts": [_json(part) for part in line.parts]} if line.parts else {})


def _draw(line: Line) -> None:
    console.print(_branch(line))
    console.print("It holds." if line.holds else "It does not hold.")


def _branch(line: Line, tree: Tree | None = None) -> Tree:
    sign = _SIGNS[line.standing if line.holds else Standing.WRONG]
    text = f"{sign} {escape(line.what)}" + (f": {escape(line.detail)}" if line.detail else "")
    branch = Tree(text) if tree is None else tree.add(text)
    for part in line.parts:
        _branch(part, branch)
    return branch
