"""``greenchain keys new`` and ``greenchain keys register``: the key that an organization signs with."""

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

from service.cli.output import Failed, Unasked, add_json, add_service, client, print_json
from service.trust.signing import new_key, public_jwk, public_key, sign_registration


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
    register.set_defaults(handler=enrol)


def make(options: argparse.Namespace) -> int:
    """Write a new private key to a file of mode 0600 and print the public one."""
    private = new_key(options.alg)
    try:
        handle = os.open(options.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Unasked(f"{options.out} exists: choose another name, a key is never overwritten") from None
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump(private, out)
    _show(options, {"thumbprint": public_key(private).thumbprint, "jwk": public_jwk(private), "file": str(options.out)})
    return 0


def enrol(options: argparse.Namespace) -> int:
    """Prove possession of the key over a fresh challenge."""
    private = read_key(options.key)
    service = client(options)
    organization = service.get("/api/v1/me")["organization"]
    nonce, audience = service.challenge()
    proof = sign_registration(
        private, organization=organization, audience=audience, nonce=nonce, issued_at=int(time.time())
    )
    answer = service.register_key(proof)
    if not answer["verdict"]["accepted"]:
        raise Failed("the registration was rejected")
    _show(
        options, {"thumbprint": public_key(private).thumbprint, "organization": organization, "document": answer["id"]}
    )
    return 0


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
            print(f"{name}: {json.dumps(value) if isinstance(value, dict) else value}")
