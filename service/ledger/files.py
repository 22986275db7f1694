"""What a log and a witness keep outside the graph: private keys, and the last head each has signed.

A head is on disk before it is given out, and read and written under a lock that the processes of this machine share.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from service.ledger.errors import LedgerError, NoteRefused
from service.ledger.note import KeyType, Signer, parse_secret

_SEED_BYTES = 32


def signer(path: Path, name: str, kind: KeyType) -> Signer:
    """The private key in a file, made with this name if there is none. Raises ``LedgerError`` for a file that is none.

    The name of a key that is there stays what it was: a log keeps its identity when the service's address changes.
    """
    if not path.exists():
        folder(path.parent)
        _create(path, f"{Signer(name, kind, secrets.token_bytes(_SEED_BYTES)).secret}\n")
    found = read_signer(path)
    if found.type is not kind:
        raise LedgerError(f"{path}: the key is of type {found.type.value}, not {kind.value}")
    return found


def read_signer(path: Path) -> Signer:
    """The private key in a file. Raises ``LedgerError``, also where others can read it."""
    try:
        if path.stat().st_mode & 0o077:
            raise LedgerError(f"{path}: others can read the private key; run chmod 600 on it")
        return parse_secret(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise LedgerError(f"{path}: there is no such file") from error
    except (NoteRefused, UnicodeDecodeError) as error:
        raise LedgerError(f"{path}: {error if isinstance(error, NoteRefused) else 'is no private key'}") from error


def folder(path: Path) -> None:
    """Make a folder that only its owner reads."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


class HeadFile:
    """The last signed head: a note, as it was given out."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Nobody else on this machine reads to sign, or signs, meanwhile."""
        folder(self._path.parent)
        with self._path.with_suffix(".lock").open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def read(self) -> bytes:
        """The note, empty where none was signed yet."""
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return b""

    def write(self, note: bytes) -> None:
        """Replace the note; on return it is on disk."""
        draft = self._path.with_suffix(".draft")  # within the turn there is one writer
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
        _sync(self._path.parent)


def _create(path: Path, content: str) -> None:
    """Write under a name of our own and link it into place: never seen half-written, and of several makers one wins."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    _sync(path.parent)


def _sync(path: Path) -> None:
    """What a folder lists is on disk too."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
