"""Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint, tlog-cosignature). Ed25519 by cryptography. Pure."""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from service.ledger.errors import NoteRefused
from service.ledger.merkle import HASH_BYTES

MAX_NOTE = 16 * 1024
MAX_SIGNATURES = 32  # signed-note: at least 16 must be taken
_DASH: Final = "\u2014 "
_ID_BYTES, _KEY_BYTES, _SIGNATURE_BYTES, _TIME_BYTES = 4, 32, 64, 8
_LATEST_TIME = 2**63 - 1
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_PRIVATE: Final = "PRIVATE+KEY+"


class KeyType(IntEnum):
    """The signature type byte (signed-note, "Signature types")."""

    ED25519 = 0x01
    COSIGNATURE = 0x04


@dataclass(frozen=True, slots=True)
class Verifier:
    """A key that notes are checked by: its name, what it signs, and its 32 bytes."""

    name: str
    type: KeyType
    public: bytes

    @property
    def id(self) -> bytes:
        """The key id: four bytes of SHA-256(name || 0x0A || type || public key)."""
        return sha256(b"%s\n%c%s" % (self.name.encode(), self.type, self.public)).digest()[:_ID_BYTES]

    @property
    def vkey(self) -> str:
        """The key as one word: name+id+base64(type || public key)."""
        return f"{self.name}+{self.id.hex()}+{encode(bytes([self.type]) + self.public)}"

    def verifies(self, text: str, signature: bytes) -> bool:
        """Whether this is the key's signature over a note's text."""
        message = text.encode()
        if self.type is KeyType.COSIGNATURE:
            if len(signature) != _TIME_BYTES + _SIGNATURE_BYTES:
                return False
            at = int.from_bytes(signature[:_TIME_BYTES], "big")
            if at > _LATEST_TIME:
                return False
            message, signature = _cosigned(text, at), signature[_TIME_BYTES:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


def parse_vkey(vkey: str) -> Verifier:
    """The verifier in a vkey. Raises ``NoteRefused``."""
    name, _, rest = vkey.strip().partition("+")
    claimed, _, encoded = rest.partition("+")
    material = decode(encoded, "the key")
    if not material or material[0] not in tuple(KeyType) or len(material) != 1 + _KEY_BYTES:
        raise NoteRefused("a verifier key is name+id+base64, of type Ed25519 (1) or cosignature (4)")
    found = Verifier(check_name(name), KeyType(material[0]), material[1:])
    if found.id.hex() != claimed:
        raise NoteRefused(f"the id of the verifier key of {name[:80]} does not fit its name and key")
    return found


def check_name(name: str) -> str:
    """A key's name: not empty, without spaces, plus signs or control characters. Raises ``NoteRefused``."""
    if not name or len(name) > 200 or "+" in name or not name.isprintable() or any(c.isspace() for c in name):
        raise NoteRefused("the name of a log or witness is 1 to 200 characters without spaces and plus signs")
    return name


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key with its name; ``type`` says whether it signs notes or cosigns checkpoints."""

    name: str
    type: KeyType
    seed: bytes = field(repr=False)

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return Verifier(self.name, self.type, public)

    @property
    def secret(self) -> str:
        """The private key as one word, as it stands in a key file."""
        return f"{_PRIVATE}{self.name}+{self.verifier.id.hex()}+{encode(bytes([self.type]) + self.seed)}"

    def line(self, text: str, at: int = 0) -> str:
        """The signature line over a note's text. ``at``: seconds since the epoch, for cosignatures."""
        key, stamp, message = Ed25519PrivateKey.from_private_bytes(self.seed), b"", text.encode()
        if self.type is KeyType.COSIGNATURE:
            stamp, message = at.to_bytes(_TIME_BYTES, "big"), _cosigned(text, at)
        return f"{_DASH}{self.name} {encode(self.verifier.id + stamp + key.sign(message))}\n"


def parse_secret(secret: str) -> Signer:
    """The signer in a key file. Raises ``NoteRefused``."""
    words = secret.strip()
    if not words.startswith(_PRIVATE):
        raise NoteRefused("is no private key of a log or witness")
    name, _, rest = words.removeprefix(_PRIVATE).partition("+")
    claimed, _, encoded = rest.partition("+")
    material = decode(encoded, "the key")
    if not material or material[0] not in tuple(KeyType) or len(material) != 1 + _KEY_BYTES:
        raise NoteRefused("is no private key of type Ed25519 (1) or cosignature (4)")
    found = Signer(check_name(name), KeyType(material[0]), material[1:])
    if found.verifier.id.hex() != claimed:
        raise NoteRefused("the id of the private key does not fit its name and key")
    return found


def _cosigned(text: str, at: int) -> bytes:
    """What a cosignature is over (tlog-cosignature, "Ed25519 signed message")."""
    return f"cosignature/v1\ntime {at}\n{text}".encode()


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who says to have signed, the key's id, and the bytes behind it."""

    name: str
    id: bytes
    value: bytes

    @property
    def time(self) -> int:
        """A cosignature's time, seconds since the epoch."""
        return int.from_bytes(self.value[:_TIME_BYTES], "big")


@dataclass(frozen=True, slots=True)
class Note:
    """A note's text (with its final line end) and its signature lines, none of them verified."""

    text: str
    signatures: tuple[Signature, ...]

    def signed_by(self, verifiers: Iterable[Verifier]) -> tuple[Verifier, ...]:
        """Those of the trusted keys whose signatures hold. Raises ``NoteRefused`` where one does not, or none is there.

        Signatures of other keys are passed over (signed-note, "Signatures").
        """
        known = {(v.name, v.id): v for v in verifiers}
        found: dict[tuple[str, bytes], Verifier] = {}
        for signature in self.signatures:
            verifier = known.get((signature.name, signature.id))
            if verifier is None:
                continue
            if not verifier.verifies(self.text, signature.value):
                raise NoteRefused(f"the signature of {verifier.name} does not hold")
            found[(signature.name, signature.id)] = verifier
        if not found:
            raise NoteRefused("the note bears no signature of a trusted key")
        return tuple(found.values())


def parse_note(content: bytes) -> Note:
    """Read a note (signed-note, "Format"). Raises ``NoteRefused``."""
    if len(content) > MAX_NOTE:
        raise NoteRefused(f"a note has at most {MAX_NOTE} bytes")
    try:
        whole = content.decode()
    except UnicodeDecodeError as error:
        raise NoteRefused("a note is UTF-8") from error
    if any(c < " " and c != "\n" for c in whole):
        raise NoteRefused("a note holds no control characters")
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise NoteRefused("a note is a text, a blank line, and lines of signatures, each ended")
    return Note(text + "\n", parse_signatures(lines))


def parse_signatures(lines: str) -> tuple[Signature, ...]:
    """Signature lines, each with its line end. Raises ``NoteRefused``."""
    found = tuple(_signature(line) for line in lines.removesuffix("\n").split("\n"))
    if len(found) > MAX_SIGNATURES:
        raise NoteRefused(f"a note has at most {MAX_SIGNATURES} signatures")
    return found


def _signature(line: str) -> Signature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise NoteRefused("a signature line is a dash (U+2014), a name and base64, with one space between them")
    value = decode(encoded, "a signature")
    if len(value) <= _ID_BYTES:
        raise NoteRefused("a signature is longer than its key id")
    return Signature(check_name(name), value[:_ID_BYTES], value[_ID_BYTES:])


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: the log's origin, its size and root, and lines that this service does not write."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text that is signed (tlog-checkpoint, "Note text")."""
        return "".join(f"{line}\n" for line in (self.origin, self.size, encode(self.root), *self.extensions))


@dataclass(frozen=True, slots=True)
class Signed:
    """A head and the note that says so, with the cosignatures that it has."""

    head: Checkpoint
    note: bytes


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a checkpoint's text. Raises ``NoteRefused``."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() != "" or not all(lines):
        raise NoteRefused("a checkpoint has an origin, a size and a root, each on a line of its own")
    return Checkpoint(lines[0], parse_size(lines[1]), parse_hash(lines[2]), tuple(lines[3:]))


def sign_checkpoint(head: Checkpoint, signer: Signer) -> str:
    """The checkpoint as a note with the log's signature."""
    return f"{head.text}\n{signer.line(head.text)}"


def open_checkpoint(content: bytes, verifiers: Iterable[Verifier]) -> tuple[Checkpoint, tuple[Verifier, ...]]:
    """A checkpoint and those of the trusted keys that signed it. Raises ``NoteRefused``.

    The log's own key must be among them: a cosignature alone says only that somebody else has seen the checkpoint.
    """
    note = parse_note(content)
    keys = tuple(verifiers)
    signed = note.signed_by(keys)
    head = parse_checkpoint(note.text)
    if not any(v.type is KeyType.ED25519 and v.name == head.origin for v in signed):
        raise NoteRefused(f"the log {head.origin[:80]} has not signed this checkpoint with a trusted key")
    return head, signed


def parse_size(text: str) -> int:
    """A decimal without leading zeroes. Raises ``NoteRefused``."""
    if not _SIZE.fullmatch(text):
        raise NoteRefused("a size or index is a decimal number without leading zeroes")
    return int(text)


def parse_hash(text: str) -> bytes:
    """A SHA-256 hash in base64. Raises ``NoteRefused``."""
    found = decode(text, "a hash")
    if len(found) != HASH_BYTES:
        raise NoteRefused(f"a hash has {HASH_BYTES} bytes")
    return found


def parse_hashes(lines: Iterable[str]) -> Iterator[bytes]:
    """Hashes, one a line. Raises ``NoteRefused``."""
    return (parse_hash(line) for line in lines)


def encode(value: bytes) -> str:
    """Standard base64 (RFC 4648 4)."""
    return base64.b64encode(value).decode()


def decode(text: str, what: str) -> bytes:
    """Standard base64, padded, with no second spelling (RFC 4648 3.5). Raises ``NoteRefused`` naming ``what``."""
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteRefused(f"{what} is not base64") from error
    if encode(found) != text:
        raise NoteRefused(f"{what} is not base64 as RFC 4648 writes it")
    return found
