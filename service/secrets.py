"""The server's own secret: made at the first start, kept in a file only its owner reads, one for all workers."""

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

from service.config import ConfigError

FILE_NAME = "secret.key"
_BYTES = 32


def server_secret(data: Path) -> bytes:
    """Return the secret of the data folder, making it if there is none; of several racing makers one wins."""
    data.mkdir(parents=True, exist_ok=True)
    path = data / FILE_NAME
    if not path.exists():
        _create(path)
    return _read(path)


def derive(secret: bytes, purpose: str) -> bytes:
    """Return a key for one purpose, so that what is made with one key means nothing where another is used."""
    return hmac.new(secret, f"greenchain/{purpose}".encode(), hashlib.sha256).digest()


def _create(path: Path) -> None:
    """Write under a name of our own and link it into place: a file is never seen half-written, and only one stays."""
    draft = path.with_name(f".{FILE_NAME}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


def _read(path: Path) -> bytes:
    if path.stat().st_mode & 0o077:
        raise ConfigError(f"{path}: others can read the server secret; run chmod 600 on it")
    try:
        secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        secret = b""
    if len(secret) != _BYTES:
        raise ConfigError(f"{path}: not a server secret ({_BYTES} bytes in hex); restore or remove it")
    return secret
