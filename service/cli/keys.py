"""``greenchain keys``: the keys that an organization signs with, from their making to their end."""

import argparse
import json
import os
import secrets
import time
from pathlib import Path
from typing import Any

from graph.model.standing import REVOCATION_REASONS
from schemas.statement import load_statement
from service.cli.output import Failed, Unasked, add_json, add_service, client, print_json
from service.trust.signing import new_key, public_jwk, public_key, sign_registration, sign_statement

MOST_DAYS = 90


def add_to(commands: Any) -> None:
    """Add the commands to the parser."""
    parser = commands.add_parser("keys", help="make and register signing keys")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    new = actions.add_parser("new", help="make a key; the private part is written to a file only you can read")
    new.add_argument("--out", required=True, type=Path, help="where the private key goes; must not exist")
    new.add_argument("--alg", choices=("EdDSA", "ES256", "ES384", "PS256"), default="EdDSA")
    add_json(new)
    new.set_defaults(handler=make)
    register = actions.add_parser("register", help="register a key with proof of possession")
    register.add_argument("--key", required=True, type=Path, help="file of the private key")
    add_service(register)
    add_json(register)
    register.add_argument("--replaces", default="", metavar="THUMBPRINT", help="the key that it takes the place of")
    register.add_argument("--did", default="", help="register this did:web, whose document lists the key, in its place")
    _add_overlap(register)
    register.set_defaults(handler=enrol)
    _add_rotate(actions)
    _add_revoke(actions)


def _add_overlap(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--overlap-days", type=_days, metavar="DAYS", help="how long the replaced key signs on, at most 90; 7 if absent"
    )


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = -1.0
    if not 0 <= days <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"must be 0 to {MOST_DAYS}")
    return days


def _add_rotate(actions: Any) -> None:
    rotate = actions.add_parser("rotate", help="make and register a key that takes the place of another")
    rotate.add_argument("--key", required=True, type=Path, help="file of the private key to be replaced")
    rotate.add_argument("--out", required=True, type=Path, help="where the new private key goes; must not exist")
    rotate.add_argument("--alg", choices=("EdDSA", "ES256"), default="EdDSA")
    _add_overlap(rotate)
    add_service(rotate)
    add_json(rotate)
    rotate.set_defaults(handler=replace)


def _add_revoke(actions: Any) -> None:
    revoked = actions.add_parser("revoke", help="revoke a key of your organization")
    revoked.add_argument("thumbprint", help="the key's thumbprint, or the registered did:web")
    revoked.add_argument("--reason", required=True, choices=REVOCATION_REASONS, help="RFC 5280 5.3.1")
    revoked.add_argument(
        "--since", help="keyCompromise: since when; what it signed and was logged from then on leaves the figures"
    )
    revoked.add_argument("--key", type=Path, help="file of a private key to sign the revocation with; else unsigned")
    add_service(revoked)
    add_json(revoked)
    revoked.set_defaults(handler=revoke)


def make(options: argparse.Namespace) -> int:
    """Write a new private key to a file of mode 0600 and print the public one."""
    private = _written(options)
    _show(options, {"thumbprint": public_key(private).thumbprint, "jwk": public_jwk(private), "file": str(options.out)})
    return 0


def _written(options: argparse.Namespace) -> dict[str, str]:
    private = new_key(options.alg)
    try:
        handle = os.open(options.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Unasked(f"{options.out} exists: choose another name, a key is never overwritten") from None
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump(private, out)
    return private


def enrol(options: argparse.Namespace) -> int:
    """Prove possession of the key over a fresh challenge."""
    if options.overlap_days is not None and not options.replaces:
        raise Unasked("--overlap-days goes with --replaces")
    if options.did and options.replaces:
        raise Unasked("--did replaces no key: its document says which keys speak")
    _registered(options, read_key(options.key), options.replaces, options.did)
    return 0


def replace(options: argparse.Namespace) -> int:
    """Make a key and register it in the place of another, which signs on for a while. A failure leaves the file."""
    old = public_key(read_key(options.key)).thumbprint
    client(options)
    _registered(options, _written(options), old)
    return 0


def revoke(options: argparse.Namespace) -> int:
    """Hand in the revocation of a key and tell what left the figures with it."""
    service = client(options)
    now = int(time.time())
    fact = {"kind": "key-revocation", "id": f"revocation-{secrets.token_hex(8)}", "thumbprint": options.thumbprint}
    fact |= {"reason": options.reason} | ({"since": options.since} if options.since else {})
    statement = {"iss": service.get("/api/v1/me")["organization"], "jti": fact["id"], "iat": now, "exp": now + 600}
    statement |= {"facts": [fact]}
    load_statement(statement)
    if options.key:
        answer = service.submit(sign_statement(statement, read_key(options.key)), "application/jose")
    else:
        answer = service.submit(json.dumps(statement).encode(), "application/json")
    failed = [c for c in answer["verdict"]["checks"] if c["outcome"] == "failed"]
    if failed:
        raise Failed(f"rejected by check {failed[0]['number']} ({failed[0]['name']}): {failed[0].get('detail', '')}")
    left = [s for f in answer["verdict"]["findings"] if f["code"] == "evidence-compromised" for s in f["subjects"]]
    _show(options, {"thumbprint": options.thumbprint, "document": answer["id"], "left the figures": left})
    return 0


def _registered(options: argparse.Namespace, private: dict[str, str], replaces: str, did: str = "") -> None:
    service = client(options)
    organization = service.get("/api/v1/me")["organization"]
    nonce, audience = service.challenge()
    proof = sign_registration(
        private,
        organization=organization,
        audience=audience,
        nonce=nonce,
        issued_at=int(time.time()),
        replaces=replaces,
        overlap_until=_until(options.overlap_days) if replaces else None,
        did=did,
    )
    answer = service.register_key(proof)
    if not answer["verdict"]["accepted"]:
        raise Failed("the registration was rejected")
    told = {"thumbprint": public_key(private).thumbprint, "organization": organization, "document": answer["id"]}
    _show(options, told | ({"replaces": replaces} if replaces else {}) | ({"did": did} if did else {}))


def _until(days: float | None) -> int | None:
    """A minute more than now for no overlap at all: the service refuses what is past when it arrives."""
    return None if days is None else int(time.time() + max(days * 86_400, 60)) - (60 if days == MOST_DAYS else 0)


def read_key(path: Path) -> dict[str, str]:
    """The private key in a file. Raises ``Unasked`` for what is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Unasked(f"{path}: there is no such file; make a key with `greenchain keys new --out {path}`") from None
    except ValueError:
        raise Unasked(f"{path}: is no private key (JWK)") from None
    if not isinstance(found, dict) or "d" not in found:
        raise Unasked(f"{path}: is no private key (JWK)")
    return found


def _show(options: argparse.Namespace, told: dict[str, Any]) -> None:
    if options.json:
        print_json(told)
    else:
        for name, value in told.items():
            print(f"{name}: {json.dumps(value) if isinstance(value, dict | list) else value}")
