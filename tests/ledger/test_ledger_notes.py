"""Notes, cosignatures, heads and keys: what is written can be read, and nothing else."""

from __future__ import annotations

import base64
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from service.ledger.errors import NoteRefused
from service.ledger.note import (
    Checkpoint,
    KeyType,
    Signer,
    open_checkpoint,
    parse_checkpoint,
    parse_note,
    parse_secret,
    parse_vkey,
)
from tests.kit.logs import ORIGIN, PaperLog
from tests.ledger.papers import LOG, altered

WITNESS = Signer("witness.example/w", KeyType.COSIGNATURE, sha256(b"witness").digest())
NOTE = LOG.checkpoint()


def test_a_published_note_verifies() -> None:
    """The example of the note package of golang.org/x/mod: key, text and signature were made by others."""
    key = parse_vkey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    line = f"\u2014 PeterNeumann {signature}\n"
    assert parse_note(f"{text}\n{line}".encode()).signed_by([key]) == (key,)


def test_a_head_is_signed_and_read() -> None:
    head, signed = open_checkpoint(NOTE, [LOG.key])
    assert (head, signed) == (Checkpoint(ORIGIN, 5, LOG.tree.root()), (LOG.key,))
    assert NOTE.decode().splitlines()[:3] == [ORIGIN, "5", base64.b64encode(LOG.tree.root()).decode()]


def test_any_flipped_bit_of_a_note_is_refused() -> None:
    for bit in range(len(NOTE) * 8):
        with pytest.raises(NoteRefused):
            open_checkpoint(altered(NOTE, bit), [LOG.key])


def test_a_cosignature_is_over_head_and_time() -> None:
    line = WITNESS.line(parse_note(NOTE).text, 1_679_315_147)
    _, signed = open_checkpoint(NOTE + line.encode(), [LOG.key, WITNESS.verifier])
    signature = parse_note(NOTE + line.encode()).signatures[1]
    assert signed == (LOG.key, WITNESS.verifier)
    assert signature.time == 1_679_315_147
    message = b"cosignature/v1\ntime 1679315147\n" + parse_note(NOTE).text.encode()
    Ed25519PublicKey.from_public_bytes(WITNESS.verifier.public).verify(signature.value[8:], message)
    for bit in range(8 * 8):
        moved = signature.id + altered(signature.value, bit)
        forged = f"\u2014 {WITNESS.name} {base64.b64encode(moved).decode()}\n"
        with pytest.raises(NoteRefused):
            open_checkpoint(NOTE + forged.encode(), [LOG.key, WITNESS.verifier])


def test_a_cosignature_alone_makes_no_head() -> None:
    text = parse_note(NOTE).text
    with pytest.raises(NoteRefused, match="has not signed"):
        open_checkpoint(f"{text}\n{WITNESS.line(text, 1)}".encode(), [LOG.key, WITNESS.verifier])


def test_unknown_signatures_are_passed_over_and_known_ones_must_hold() -> None:
    text = parse_note(NOTE).text
    stranger = PaperLog(b"another").signer.line(text)
    assert open_checkpoint(NOTE + stranger.encode(), [LOG.key])[1] == (LOG.key,)
    with pytest.raises(NoteRefused, match="no signature of a trusted key"):
        open_checkpoint(f"{text}\n{stranger}".encode(), [LOG.key])
    wrong = WITNESS.line(text + "another\n", 1)
    with pytest.raises(NoteRefused, match="does not hold"):
        open_checkpoint(NOTE + wrong.encode(), [LOG.key, WITNESS.verifier])


def test_the_same_key_signs_one_kind_of_thing() -> None:
    """A cosigner's bytes as a log's key give another id, so that neither signature passes for the other."""
    as_log = Signer(WITNESS.name, KeyType.ED25519, WITNESS.seed).verifier
    assert as_log.id != WITNESS.verifier.id
    assert not as_log.verifies(parse_note(NOTE).text, base64.b64decode(WITNESS.line("x\n", 1).split(" ")[2])[4:])


NOTES = {
    "empty": b"",
    "no blank line": b"a\nb\n",
    "no signature": b"a\nb\n\n",
    "no last line end": NOTE[:-1],
    "a carriage return": NOTE.replace(b"\n5\n", b"\n5\r\n"),
    "a tab": NOTE.replace(b"\n5\n", b"\n5\t\n"),
    "not UTF-8": NOTE + b"\xff",
    "a hyphen for the dash": NOTE.replace("\u2014".encode(), b"-"),
    "no space": NOTE.replace("\u2014 ".encode(), "\u2014".encode()),
    "an empty name": NOTE.replace(f"\u2014 {ORIGIN}".encode(), "\u2014 ".encode()),
    "unpadded base64": NOTE[:-1].rstrip(b"=") + b"\n",
    "a signature as short as its id": NOTE[: NOTE.rindex(b" ") + 1] + b"AAAAAA==\n",
    "too many signatures": NOTE + NOTE[NOTE.rindex("\u2014".encode()) :] * 40,
    "too long": b"a" * 20_000 + b"\n\n" + NOTE,
}


@pytest.mark.parametrize("content", NOTES.values(), ids=NOTES)
def test_what_is_no_note_is_refused(content: bytes) -> None:
    with pytest.raises(NoteRefused):
        open_checkpoint(content, [LOG.key])


ROOT = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "", "o\n", f"o\n1\n{ROOT}", f"\n1\n{ROOT}\n", f"o\n01\n{ROOT}\n",
        f"o\n-1\n{ROOT}\n", f"o\n+1\n{ROOT}\n",
        f"o\n1_0\n{ROOT}\n",
        f"o\n\u0661\n{ROOT}\n", f"o\n1\n{ROOT[:-4]}\n", f"o\n1\n{ROOT}\n\n", f"o\n1\n{ROOT}=\n",
        "o\n1\n" + "A" * 43 + "\n", f"o\n{10**19}\n{ROOT}\n",
    ],
)  # fmt: skip
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteRefused):
        parse_checkpoint(text)


def test_extension_lines_are_kept() -> None:
    text = f"o\n0\n{ROOT}\nmore\n"
    assert parse_checkpoint(text).extensions == ("more",)
    assert parse_checkpoint(text).text == text


def test_keys_are_written_and_read() -> None:
    for signer in (LOG.signer, WITNESS):
        assert parse_secret(signer.secret) == signer
        assert parse_vkey(signer.verifier.vkey) == signer.verifier
        assert signer.secret not in repr(signer)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "a",
        "a+b",
        "a+00000000+",
        LOG.key.vkey[:-4],
        LOG.key.vkey.replace("tests", "rests"),
        "+" + LOG.key.vkey,
        LOG.signer.secret,
    ],
)
def test_what_is_no_key_is_refused(vkey: str) -> None:
    with pytest.raises(NoteRefused):
        parse_vkey(vkey)
    with pytest.raises(NoteRefused):
        parse_secret(vkey.replace("PRIVATE", "PUBLIC"))
