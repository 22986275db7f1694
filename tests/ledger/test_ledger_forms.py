"""Notes, cosignatures, tiles, bundles, proofs and leaves: what is written can be read, and nothing else."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.model.documents import Format, Verdict
from graph.model.intake import Admission
from service.ledger.entry import Leaf, Scribe, _is_canonical, parse_leaf
from service.ledger.errors import EntryUnknown, LedgerError, NoteRefused, ProofRefused
from service.ledger.merkle import leaf_hash
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
from service.ledger.policy import is_policy, policy_record, policy_version
from service.ledger.proof import LogProof, parse_proof, verify_proof
from service.ledger.tiles import Tile, bundle, covering, in_tree, parse_path, split_bundle, split_hashes
from service.trust import checks
from service.trust.checks import Refusal
from service.trust.limits import Limits
from tests.kit.logs import ORIGIN, PaperLog, paper_leaf

AT = 1_800_000_000.0
LOG = PaperLog().add(*(paper_leaf(str(n)) for n in range(5)))
WITNESS = Signer("witness.example/w", KeyType.COSIGNATURE, sha256(b"witness").digest())
OTHER = PaperLog(b"another")
NOTE = LOG.checkpoint()


def altered(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)


# Notes


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
    stranger = OTHER.signer.line(text)
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


# Tiles


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "0/000"),
        (Tile(63, 999, 255), "63/999.p/255"),
        (Tile(0, 1000), "0/x001/000"),
        (Tile(None, 1234067, 1), "entries/x001/x234/067.p/1"),
    ],
)
def test_a_tile_has_one_path(tile: Tile, path: str) -> None:
    assert (tile.path, parse_path(path)) == (path, tile)


@given(st.none() | st.integers(0, 63), st.integers(0, 10**15), st.integers(1, 256))
def test_every_path_is_read_back(level: int | None, number: int, width: int) -> None:
    assert parse_path(Tile(level, number, width).path) == Tile(level, number, width)


@given(st.text("0123456789x/.pentris", max_size=24))
def test_what_is_read_is_the_path_of_a_tile(path: str) -> None:
    try:
        found = parse_path(path)
    except EntryUnknown:
        return
    assert found.path == path


def test_which_tiles_a_tree_has() -> None:
    """The example of tlog-tiles: a tree of 70,000."""
    size = 70_000
    assert [in_tree(Tile(0, 273, w), size) for w in (112, 113)] == [True, False]
    assert in_tree(Tile(1, 0), size)
    assert [in_tree(Tile(1, 1, w), size) for w in (17, 18)] == [True, False]
    assert [in_tree(Tile(2, 0, w), size) for w in (1, 2)] == [True, False]
    assert [in_tree(Tile(level, 0, 1), 256) for level in (0, 1, 2)] == [True, True, False]
    assert not in_tree(Tile(0, 0, 1), 0)


@given(st.lists(st.binary(max_size=300), max_size=8), st.data())
def test_a_bundle_is_read_as_it_was_written_and_in_no_other_way(entries: list[bytes], data: st.DataObject) -> None:
    content = bundle(entries)
    assert split_bundle(content, len(entries)) == entries
    for width in (len(entries) - 1, len(entries) + 1):
        with pytest.raises(ProofRefused):
            split_bundle(content, width)
    if content:
        cut = data.draw(st.integers(0, len(content) - 1))
        with pytest.raises(ProofRefused):
            split_bundle(content[:cut], len(entries))


def test_sizes_of_tiles_and_entries_are_checked() -> None:
    with pytest.raises(ProofRefused):
        split_hashes(bytes(33), 1)
    with pytest.raises(ProofRefused):
        bundle([bytes(65_536)])
    assert split_bundle(bundle([bytes(65_535)]), 1) == [bytes(65_535)]


@given(st.integers(0, 2000), st.integers(0, 2000))
def test_bundles_cover_what_is_new(first: int, size: int) -> None:
    covered = {n for tile in covering(first, size) for n in range(tile.first, tile.first + tile.width)}
    assert set(range(first, size)) <= covered
    assert not covered or max(covered) == size - 1


# Proofs


def test_a_proof_holds_and_names_its_entry() -> None:
    for index in range(5):
        proven = verify_proof(LOG.proof(index), LOG.key)
        assert (proven.index, proven.leaf, proven.head.size) == (index, LOG.entries[index], 5)


def test_a_proof_is_in_the_form_of_tlog_proof() -> None:
    lines = LOG.proof(3).decode().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1] == "extra " + base64.b64encode(LOG.entries[3]).decode()
    assert lines[2] == "index 3"
    assert lines[lines.index("") + 1] == ORIGIN


def test_any_flipped_bit_of_a_proof_is_refused() -> None:
    content = LOG.proof(2)
    for bit in range(len(content) * 8):
        with pytest.raises(LedgerError):
            verify_proof(altered(content, bit), LOG.key)


def test_a_proof_with_parts_missing_doubled_or_exchanged_is_refused() -> None:
    lines = LOG.proof(2).splitlines(keepends=True)
    path = range(3, 6)
    for at in path:
        for changed in (lines[:at] + lines[at + 1 :], lines[: at + 1] + lines[at:]):
            with pytest.raises(ProofRefused):
                verify_proof(b"".join(changed), LOG.key)
    swapped = [*lines[:3], lines[4], lines[3], *lines[5:]]
    with pytest.raises(ProofRefused):
        verify_proof(b"".join(swapped), LOG.key)


def test_a_proof_of_another_log_is_refused() -> None:
    OTHER.add(*LOG.entries) if OTHER.tree.size == 0 else None
    with pytest.raises(NoteRefused):
        verify_proof(OTHER.proof(1), LOG.key)


def test_a_proof_under_an_empty_head_is_refused() -> None:
    forged = LogProof(0, (), LOG.signed(0), LOG.entries[0]).write()
    with pytest.raises(ProofRefused, match="no leaf 0 in a tree of 0"):
        verify_proof(forged, LOG.key)


PROOFS = {
    "empty": b"",
    "no header": LOG.proof(1).partition(b"\n")[2],
    "no extra": b"".join(line for n, line in enumerate(LOG.proof(1).splitlines(keepends=True)) if n != 1),
    "index with a leading zero": LOG.proof(1).replace(b"index 1", b"index 01"),
    "not ASCII": LOG.proof(1).replace(b"index 1", "index \u0661".encode()),
    "too long": LOG.proof(1) + b"a" * 200_000,
}


@pytest.mark.parametrize("content", PROOFS.values(), ids=PROOFS)
def test_what_is_no_proof_is_refused(content: bytes) -> None:
    with pytest.raises(ProofRefused):
        parse_proof(content)


@given(st.binary(max_size=400))
def test_no_bytes_break_the_readers(content: bytes) -> None:
    for read in (parse_proof, parse_note, parse_leaf, lambda c: open_checkpoint(c, [LOG.key])):
        try:
            read(content)
        except LedgerError:
            continue


# Leaves


def test_a_leaf_is_canonical_and_read_back() -> None:
    leaf = parse_leaf(paper_leaf("a", failed="balances", key="k" * 43))
    assert (leaf.kind, leaf.accepted, leaf.failed, leaf.key) == ("rejection", False, "balances", "k" * 43)
    assert isinstance(leaf, Leaf)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"{}", paper_leaf("a", document=...), paper_leaf("a", kind=1), paper_leaf("a", verdict="accepted"),
        paper_leaf("a", verdict={}), paper_leaf("a", verdict={"accepted": 1}),
        paper_leaf("a").replace(b":", b": ", 1), paper_leaf("a", key=None),
        paper_leaf("a", verdict={"accepted": True, "failed": None}), paper_leaf("a", more="x" * 5000),
    ],
)  # fmt: skip
def test_what_is_no_leaf_is_refused(content: bytes) -> None:
    with pytest.raises(ProofRefused):
        parse_leaf(content)


SCRIBE = Scribe(b"a secret", "f" * 64)


@given(st.text(max_size=40), st.text(max_size=40))
def test_commitments_are_over_canonical_json(issuer: str, identity: str) -> None:
    opening = SCRIBE.statement(issuer, identity)
    commitment = sha256(bytes.fromhex(opening.salt) + rfc8785.dumps(["statement", issuer, identity])).hexdigest()
    assert opening.opens(commitment)
    assert not opening.opens(commitment[:-1] + ("0" if commitment[-1] != "0" else "1"))
    assert not Scribe(b"another").statement(issuer, identity).opens(commitment)


NAMES = ("caps", "signature", "key-state", "balances")
STATES = st.none() | st.booleans()
TEXTS = st.text(max_size=30)


@given(TEXTS, TEXTS, st.none() | st.sampled_from(NAMES), st.tuples(STATES, STATES, STATES))
def test_what_is_written_is_canonical_and_opens(
    issuer: str, identity: str, failed: str | None, states: tuple[bool | None, bool | None, bool | None]
) -> None:
    results = (checks.failed(Refusal(failed, "no")),) if failed else ()
    verdict = Verdict(not failed, results, *states)
    entered = SCRIBE.entered(Admission("d" * 64, 3, Format.JWS, "s", issuer, identity, AT, b"", verdict, "t" * 43))
    leaf = parse_leaf(entered.leaf)
    assert (leaf.accepted, leaf.failed, leaf.document, leaf.policy) == (not failed, failed or "", "d" * 64, "f" * 64)
    assert leaf.kind == ("rejection" if failed else "statement")
    assert (leaf.received, leaf.key) == ("2027-01-15T08:00:00Z", "t" * 43)
    assert entered.leaf_hash == leaf_hash(entered.leaf)
    assert SCRIBE.issuer("d" * 64, issuer).opens(leaf.issuer)
    assert SCRIBE.subject("d" * 64, []).opens(leaf.subject)
    assert SCRIBE.statement(issuer, identity).opens(leaf.statement) if identity else leaf.statement == ""


@given(st.lists(st.lists(st.text(max_size=12), min_size=2, max_size=2), max_size=4))
def test_subjects_are_committed_to_in_canonical_form(facts: list[list[str]]) -> None:
    made = SCRIBE._commit("subject", "d", ["subject", facts])
    assert SCRIBE.subject("d", facts).opens(made)
    assert not SCRIBE.subject("d", [*facts, ["lot", "x"]]).opens(made)
    assert not SCRIBE.subject("e", facts).opens(made)


def test_the_policy_version_follows_from_what_is_checked() -> None:
    assert policy_version(Limits(), "default") == policy_version(Limits(), "default")
    assert policy_version(Limits(json_depth=1), "default") != policy_version(Limits(), "default")
    assert policy_version(Limits(), "strict") != policy_version(Limits(), "default")
    bodies = [policy_version(Limits(), "default", names) for names in ((), ("urn:a",), ("urn:a", "urn:b"))]
    assert len({*bodies}) == 3
    assert policy_version(Limits(), "default", ("urn:b", "urn:a")) == bodies[2]


def test_the_version_is_computed_from_the_record() -> None:
    record = policy_record(Limits(), "default", "", ("urn:a",))
    told = json.loads(record)["policy"]
    assert sha256(rfc8785.dumps(told)).hexdigest() == policy_version(Limits(), "default", ("urn:a",))
    assert told["recognised_bodies"] == ["urn:a"]
    assert [is_policy(r) for r in (record, b"{}", b"[]", b"x")] == [True, False, False, False]
    assert record != policy_record(Limits(), "default", "a")


_TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
_MEMBERS = st.recursive(
    st.one_of(
        _TEXTS, st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), st.floats(allow_nan=False, allow_infinity=False)
    ),
    lambda inner: st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=6,
)


@settings(max_examples=40)
@given(st.dictionaries(_TEXTS, _MEMBERS, max_size=4))
def test_whatever_a_leaf_holds_besides_it_is_held_to_the_canonical_form(members: dict[str, Any]) -> None:
    """Leaves of other programs may have members that ours have not, numbers among them."""
    canonical = bytes(rfc8785.dumps(members))
    assert _is_canonical(members, canonical)
    for other in (json.dumps(members), json.dumps(members, ensure_ascii=False, separators=(",", ":"))):
        assert _is_canonical(members, other.encode()) == (other.encode() == canonical)
