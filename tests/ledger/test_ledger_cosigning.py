"""Witnesses of our own log: they are asked, what they answer is verified, and who fails them is no fault of ours."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from connectors.errors import Refused, Unresolvable
from connectors.witnesses import WitnessAnswer
from service.config import ConfigError, Settings
from service.ledger.cosigning import Cosigner, Cosigning, parse_cosigners
from service.ledger.errors import NoteRefused
from service.ledger.note import KeyType, Signer, open_checkpoint
from service.ledger.quorum import Quorum, parse_quorum
from service.ledger.start import cosigners
from service.ledger.witness import Witness, WitnessRefused
from service.ledger.witnessed import Witnessed, WitnessedFile
from tests.kit.logs import PaperLedger, paper_leaf

AT = 1_800_000_000.0


def signer(name: str, kind: KeyType = KeyType.COSIGNATURE) -> Signer:
    return Signer(f"{name}.example/w", kind, sha256(name.encode()).digest())


class Hill:
    """A ledger and its witnesses, each a real one until something else is put in its place."""

    def __init__(self, folder: Path, *names: str) -> None:
        self.ledger = PaperLedger().add(*(paper_leaf(str(n)) for n in range(5)))
        self.signers = {name: signer(name) for name in names}
        self.answers: dict[str, Callable[[bytes], WitnessAnswer]] = {}
        self.asked: list[str] = []
        self.now = AT
        for name, own in self.signers.items():
            self.answers[name] = self.honest(Witness(folder / name, own, [self.ledger.key]))
        self.file = WitnessedFile(folder, self.ledger.key, [s.verifier for s in self.signers.values()])
        found = [Cosigner(own.verifier, name) for name, own in self.signers.items()]
        self.cosigning = Cosigning(self.ledger, self.file, found, self._send, lambda: self.now)

    def honest(self, witness: Witness) -> Callable[[bytes], WitnessAnswer]:
        def answer(request: bytes) -> WitnessAnswer:
            try:
                return WitnessAnswer(witness.add(request, self.now).encode())
            except WitnessRefused as refused:
                if refused.size is not None:
                    return WitnessAnswer(size=refused.size)
                raise Refused(str(refused)) from refused

        return answer

    def _send(self, url: str, request: bytes) -> WitnessAnswer:
        self.asked.append(url)
        return self.answers[url](request)

    def round(self) -> set[str]:
        """Who has cosigned the newest head after one more round, as another process reads it."""
        self.asked.clear()
        self.cosigning.round()
        kept = WitnessedFile(self.file._path.parent, self.ledger.key, self.file.witnesses).read()
        assert kept is not None
        assert kept.signed.head == self.ledger.checkpoint().head
        keys = {s.verifier: name for name, s in self.signers.items()}
        _, signed = open_checkpoint(kept.signed.note, [self.ledger.key, *keys])
        assert set(kept.by) == set(signed) - {self.ledger.key}
        return {keys[v] for v in kept.by}


@pytest.fixture
def hill(tmp_path: Path) -> Hill:
    return Hill(tmp_path, "a", "b")


def dead(_: bytes) -> WitnessAnswer:
    raise Unresolvable("it does not answer")


def test_every_new_head_is_cosigned_by_all(hill: Hill) -> None:
    for name in ("5", "6", "7"):
        assert hill.round() == {"a", "b"}
        hill.ledger.add(paper_leaf(name))
    assert sorted(hill.asked) == ["a", "b"], "each was asked once: the sizes it has cosigned are remembered"


def test_a_head_that_all_have_cosigned_is_laid_before_nobody_again(hill: Hill) -> None:
    hill.round()
    assert hill.round() == {"a", "b"}
    assert hill.asked == []


def test_an_empty_ledger_is_laid_before_nobody(hill: Hill) -> None:
    hill.ledger = PaperLedger()
    assert Cosigning(hill.ledger, hill.file, [], hill._send).round() is None


def test_a_dead_witness_leaves_the_others_and_is_asked_less_often(hill: Hill) -> None:
    hill.answers["b"], honest = dead, hill.answers["b"]
    assert hill.round() == {"a"}
    assert hill.file.told()["witnesses"][1]["failing_since"] == int(AT)
    times = 0
    for _ in range(100):
        hill.now += 5
        hill.round()
        assert "a" not in hill.asked, "who has cosigned is not asked again"
        times += len(hill.asked)
    assert times < 10
    hill.answers["b"] = honest
    hill.now += 300
    assert hill.round() == {"a", "b"}
    assert "failing_since" not in hill.file.told()["witnesses"][1]


def test_a_witness_that_knows_another_size_is_asked_from_there(hill: Hill, tmp_path: Path) -> None:
    hill.round()
    (tmp_path / "witnessed.json").unlink()
    hill.ledger.add(paper_leaf("5"))
    assert hill.round() == {"a", "b"}
    assert sorted(hill.asked) == ["a", "a", "b", "b"]


def test_a_ledger_that_was_set_back_is_not_cosigned(hill: Hill) -> None:
    """The witness holds what the operator has lost; the proof that it asks for cannot be made."""
    hill.round()
    hill.ledger.tree, hill.ledger.entries = PaperLedger().add(*hill.ledger.entries[:4]).tree, hill.ledger.entries[:4]
    assert hill.round() == set()
    assert hill.round() == set()


def test_a_fork_is_not_cosigned(hill: Hill) -> None:
    hill.round()
    fork = PaperLedger().add(*hill.ledger.entries[:4], paper_leaf("other"), paper_leaf("5"))
    hill.ledger.tree = fork.tree
    assert hill.round() == set()


def lines(*signers: Signer, text: str) -> WitnessAnswer:
    return WitnessAnswer("".join(s.line(text, int(AT)) for s in signers).encode())


def test_what_is_no_cosignature_of_the_witness_is_not_taken(hill: Hill) -> None:
    text, other = hill.ledger.checkpoint().head.text, PaperLedger().add(paper_leaf("x")).checkpoint().head.text
    own, stranger = hill.signers["b"], signer("stranger")
    forged = Signer(own.name, own.type, sha256(b"forged").digest())
    answers = {
        "another head": lines(own, text=other),
        "a stranger": lines(stranger, text=text),
        "its name with another key": lines(forged, text=text),
        "nothing": WitnessAnswer(),
        "no text": WitnessAnswer(b"\xff\n"),
        "no line end": WitnessAnswer(lines(own, text=text).lines + b"x"),
        "one size for ever": WitnessAnswer(size=3),
    }
    for what, answer in answers.items():
        hill.answers["b"] = lambda _, answer=answer: answer
        assert hill.round() == {"a"}, what
        hill.now += 1000
    hill.answers["b"] = lambda _: lines(stranger, own, text=text)
    assert hill.round() == {"a", "b"}
    kept = hill.file.read()
    assert kept is not None
    assert b"stranger" not in kept.signed.note, "what others sign beside is not passed on"


def test_what_was_kept_is_not_believed(hill: Hill, tmp_path: Path) -> None:
    hill.round()
    kept = tmp_path / "witnessed.json"
    whole = kept.read_bytes()
    for broken in (
        b"",
        b"{}",
        b"[]",
        whole[:-20],
        whole.replace(b"\\n5\\n", b"\\n6\\n"),
        b'{"note": 1, "witnesses": {}}',
    ):
        kept.write_bytes(broken)
        assert WitnessedFile(tmp_path, hill.ledger.key, hill.file.witnesses).read() is None
    stranger = PaperLedger(b"another").add(paper_leaf("0"))
    hill.file.write(Witnessed(stranger.checkpoint()))
    assert hill.file.read() is None
    assert hill.round() == {"a", "b"}


# A quorum

HEAD = PaperLedger().add(paper_leaf("0")).checkpoint()
KEYS = [signer(name).verifier for name in "abc"]
COSIGNED = HEAD.note + b"".join(signer(name).line(HEAD.head.text, 1).encode() for name in "ab")


@pytest.mark.parametrize(
    ("of", "needed", "met"), [("abc", 2, True), ("abc", 3, False), ("ac", 1, True), ("c", 1, False)]
)
def test_so_many_of_the_witnesses_are_needed(of: str, needed: int, met: bool) -> None:
    quorum = parse_quorum([signer(name).verifier.vkey for name in of], needed)
    _, signed = open_checkpoint(COSIGNED, [PaperLedger().key, *quorum.witnesses])
    if met:
        assert {v.name[0] for v in quorum.met_by(signed)} == set(of) & set("ab")
    else:
        with pytest.raises(NoteRefused, match=f"and {needed} are needed"):
            quorum.met_by(signed)


def test_all_are_needed_unless_a_number_is_given() -> None:
    assert parse_quorum([key.vkey for key in KEYS]) == Quorum(tuple(KEYS), 3)
    assert parse_quorum([]) == Quorum()


TWICE = Signer("again.example/w", KeyType.COSIGNATURE, sha256(b"a").digest()).verifier.vkey


@pytest.mark.parametrize(
    ("vkeys", "needed"),
    [
        ([KEYS[0].vkey], 2),
        ([KEYS[0].vkey], 0),
        ([], 1),
        ([KEYS[0].vkey, TWICE], 1),
        ([PaperLedger().key.vkey], 1),
        (["nonsense"], 1),
    ],
)
def test_a_quorum_that_makes_no_sense_is_refused(vkeys: list[str], needed: int) -> None:
    with pytest.raises(NoteRefused):
        parse_quorum(vkeys, needed)


# The setting


def named(*witnesses: str) -> Settings:
    return Settings.from_environment({"GREENCHAIN_WITNESSES": ", ".join(witnesses)})


def test_witnesses_are_named_by_key_and_address() -> None:
    found = cosigners(named(f"{KEYS[0].vkey} https://a.example", f"{KEYS[1].vkey} https://b.example:8443/ledger"))
    assert [(c.key, c.url) for c in found] == [
        (KEYS[0], "https://a.example"),
        (KEYS[1], "https://b.example:8443/ledger"),
    ]
    assert parse_cosigners("") == ()


@pytest.mark.parametrize(
    "witnesses",
    [
        [KEYS[0].vkey],
        [f"{KEYS[0].vkey} http://a.example"],
        [f"{KEYS[0].vkey} https://USER@a.example"],
        [f"{KEYS[0].vkey} https://a.example {KEYS[1].vkey} https://b.example"],
        [f"{PaperLedger().key.vkey} https://a.example"],
        [f"{KEYS[0].vkey[:-4]}AAAA https://a.example"],
        [f"{KEYS[0].vkey} https://a.example", f"{TWICE} https://b.example"],
    ],
)
def test_a_setting_that_names_no_witness_is_refused_at_the_start(witnesses: list[str]) -> None:
    with pytest.raises(ConfigError, match="GREENCHAIN_WITNESSES"):
        cosigners(named(*witnesses))
