"""The log over HTTP, read by somebody who has no account: everything is checked with the log's key alone."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from service.auth.roles import Role
from service.ledger.entry import parse_leaf, subjects
from service.ledger.errors import LedgerForked
from service.ledger.files import read_signer
from service.ledger.merkle import Tree, leaf_hash
from service.ledger.note import (
    Checkpoint,
    KeyType,
    Signed,
    Signer,
    Verifier,
    open_checkpoint,
    parse_note,
    parse_vkey,
    sign_checkpoint,
)
from service.ledger.proof import verify_proof
from service.ledger.tiles import covering, split_bundle, split_hashes
from service.ledger.witness import AddCheckpoint
from service.trust.signing import sign_statement
from tests.kit.doors import Client, House
from tests.kit.outside import Authority, reply, serving
from tests.kit.statements import lot, process, product, statement, unique


@dataclass
class Town:
    """A house, the key of a witness that answers it, and that of one that does not."""

    house: House
    witness: Verifier
    lost: str


@pytest.fixture(scope="module")
def supplier(house: House) -> Client:
    found = house.client("ledger-supplier", Role.SUPPLIER, signs=True)
    found.signs(product(), process(), lot())
    return found


def get(house: House, path: str, status: int = 200) -> Any:
    """As somebody without an account."""
    answer = house.app.test_client().get(path)
    assert answer.status_code == status, answer.text
    return answer


def log_key(house: House) -> Verifier:
    return parse_vkey(get(house, "/ledger/keys").json["log"])


def head(house: House) -> Checkpoint:
    return open_checkpoint(get(house, "/ledger/checkpoint").data, [log_key(house)])[0]


def test_the_log_is_named_by_its_address(house: House, supplier: Client) -> None:
    assert head(house).origin == "127.0.0.1:8410/ledger"


def test_the_root_is_that_of_the_entries_and_of_the_hash_tiles(house: House, supplier: Client) -> None:
    signed = head(house)
    tree, hashes = Tree(), Tree()
    for tile in covering(0, signed.size):
        bundle = get(house, f"/ledger/tile/{tile.path}")
        assert bundle.content_type == "application/octet-stream"
        tree.append(leaf_hash(e) for e in split_bundle(bundle.data, tile.width))
        level = tile.path.replace("entries", "0", 1)
        hashes.append(split_hashes(get(house, f"/ledger/tile/{level}").data, tile.width))
    assert signed.size >= 2
    assert tree.root() == hashes.root() == signed.root


def test_a_verdict_leads_to_a_proof_that_holds_offline(house: House, supplier: Client) -> None:
    told = supplier.states(product(id=unique("P")))
    proven = verify_proof(get(house, told["ledger_proof"]).data, log_key(house))
    leaf = parse_leaf(proven.leaf)
    assert (proven.index, leaf.document, leaf.accepted, leaf.kind) == (
        told["ledger_index"],
        told["id"],
        True,
        "statement",
    )


def test_a_batch_line_leads_to_its_proof(house: House, supplier: Client) -> None:
    signed = sign_statement(statement(supplier.uri, product(id=unique("P"))), supplier.key)
    [line] = supplier.post("/api/v1/documents:batch", signed, "application/x-ndjson").json["results"]
    assert verify_proof(get(house, line["ledger_proof"]).data, log_key(house)).index == line["ledger_index"]


def test_a_rejection_is_an_entry_that_names_the_check(house: House, supplier: Client) -> None:
    signed = sign_statement(statement(supplier.uri, product(id=unique("P"))), supplier.key)
    answer = supplier.submit(signed[:-6] + b"AAAAAA").json
    leaf = parse_leaf(verify_proof(get(house, answer["document"]["ledger_proof"]).data, log_key(house)).leaf)
    assert (leaf.kind, leaf.accepted, leaf.failed) == (
        "rejection",
        False,
        answer["document"]["verdict"]["checks"][4]["name"],
    )


def test_no_name_and_no_lot_id_leaves(house: House, supplier: Client) -> None:
    name = unique("LOT-")
    supplier.states(product(id=name))
    whole = b"".join(get(house, f"/ledger/tile/{tile.path}").data for tile in covering(0, head(house).size))
    for secret in (name, supplier.uri, "urn:", "LOT-"):
        assert secret.encode() not in whole


def test_one_opening_opens_one_commitment(house: House, supplier: Client) -> None:
    """What a receipt reveals of one entry does not open another."""
    first, second = (supplier.states(product(id=unique("P"))) for _ in range(2))
    leaves = [
        parse_leaf(verify_proof(get(house, d["ledger_proof"]).data, log_key(house)).leaf) for d in (first, second)
    ]
    scribe = house.services.scribe
    openings = [scribe.issuer(d["id"], supplier.uri) for d in (first, second)]
    assert [[o.opens(leaf.issuer) for o in openings] for leaf in leaves] == [[True, False], [False, True]]
    assert scribe.statement(supplier.uri, first["statement_id"]).opens(leaves[0].statement)
    assert not scribe.statement(supplier.uri, first["statement_id"]).opens(leaves[1].statement)
    assert subjects(None) == []


def test_full_tiles_may_be_kept_for_ever_and_the_rest_shortly(house: House, supplier: Client) -> None:
    size = head(house).size
    partial = get(house, f"/ledger/tile/0/000.p/{min(size, 255)}")
    assert "immutable" not in partial.headers["Cache-Control"]
    assert get(house, "/ledger/checkpoint").headers["Cache-Control"] == "public, max-age=3"
    batch = [sign_statement(statement(supplier.uri, product(id=unique("P"))), supplier.key) for _ in range(260 - size)]
    supplier.post("/api/v1/documents:batch", b"\n".join(batch), "application/x-ndjson")
    assert head(house).size >= 256
    for path in ("0/000", "entries/000"):
        assert "immutable" in get(house, f"/ledger/tile/{path}").headers["Cache-Control"]
    tree = Tree()
    tree.append(split_hashes(get(house, "/ledger/tile/0/000").data, 256))
    assert get(house, "/ledger/tile/1/000.p/1").data == tree.root()


def test_what_is_not_signed_for_is_not_served(house: House, supplier: Client) -> None:
    size = head(house).size
    supplier.states(product(id=unique("P")))
    last = f"entries/{size // 256:03}.p/{size % 256 + 1}"
    get(house, f"/ledger/tile/{last}", 404)
    assert head(house).size > size
    get(house, f"/ledger/tile/{last}")


@pytest.mark.parametrize(
    "path",
    [
        "0/0", "00/000", "64/000", "0/x000", "0/000.p/0", "0/000.p/256", "0/000.p/01", "0/x000/001", "entries/999",
        "9/000", "-1/000", "0/000.p/", "0/x001/000.p/-1", "x/000", "0/%D9%A0%D9%A0%D9%A0", "0//000",
    ],
)  # fmt: skip
def test_a_tile_that_is_none_is_not_found(house: House, path: str) -> None:
    get(house, f"/ledger/tile/{path}", 404)


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 422), ("?document=x", 422), ("?document=" + "A" * 64, 422), ("?document=" + "0" * 64, 404)],
)
def test_a_proof_of_what_is_not_there_says_why(house: House, query: str, status: int) -> None:
    answer = get(house, "/ledger/proof" + query, status)
    assert answer.content_type == "application/problem+json"


def test_nobody_is_a_witness_of_an_unknown_log(house: House, supplier: Client) -> None:
    note = get(house, "/ledger/checkpoint").data
    answer = house.app.test_client().post("/ledger/add-checkpoint", data=b"old 0\n\n" + note)
    assert answer.status_code == 404
    assert house.app.test_client().post("/ledger/add-checkpoint", data=b"x" * 40_000).status_code == 413


def test_a_service_witnesses_another(house: House, supplier: Client, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The other has the same graph here and a log key of its own; the operator of the witness knows that key."""
    key = get(house, "/ledger/keys").json["log"]
    other = House(
        house.database, tmp_path_factory.mktemp("witness"), GREENCHAIN_WITNESS_LOGS=key, GREENCHAIN_PORT="8411"
    )
    witness = parse_vkey(get(other, "/ledger/keys").json["witness"])
    first = house.services.log.checkpoint()
    supplier.states(product(id=unique("P")))
    second = house.services.log.checkpoint()
    proof = house.services.log.consistency(first.head.size, second.head.size)

    def ask(body: bytes) -> Any:
        return other.app.test_client().post("/ledger/add-checkpoint", data=body)

    def body(old: int, note: bytes, hashes: list[bytes]) -> bytes:
        return AddCheckpoint(old, tuple(hashes), note).body

    cosigned = ask(body(0, first.note, []))
    assert cosigned.status_code == 200, cosigned.text
    assert abs(time.time() - open_note_time(first.note + cosigned.data)) < 60
    _, signed = open_checkpoint(first.note + cosigned.data, [log_key(house), witness])
    assert witness in signed
    stale = ask(body(0, second.note, []))
    assert (stale.status_code, stale.content_type, stale.text) == (409, "text/x.tlog.size", f"{first.head.size}\n")
    assert ask(body(first.head.size, second.note, proof[:-1])).status_code == 422
    assert ask(body(first.head.size, second.note, proof)).status_code == 200
    rollback = ask(body(second.head.size, first.note, []))
    assert rollback.status_code == 400
    assert ask(body(first.head.size, first.note, [])).status_code == 409
    assert ask(body(second.head.size, second.note, [])).status_code == 200, "the same head may be cosigned again"


@pytest.fixture
def town(house: House, supplier: Client, tmp_path: Path) -> Iterator[Town]:
    """Our house with one witness that is another house, behind TLS, and one that nobody has ever reached."""
    other = House(house.database, tmp_path / "other", GREENCHAIN_WITNESS_LOGS=house.services.log.vkey)
    authority = Authority(tmp_path / "authority")
    with serving(authority.certificate("localhost")) as site:

        def answer(request: Any) -> None:
            answer = other.app.test_client().post("/ledger/add-checkpoint", data=request.sent)
            reply(request, answer.status_code, answer.data, {"Content-Type": answer.content_type})

        site.answers["/ledger/add-checkpoint"] = answer
        lost = Signer("lost.example/w", KeyType.COSIGNATURE, bytes(32)).verifier.vkey
        at = f"https://localhost:{site.port}/ledger"
        told = {
            "GREENCHAIN_WITNESSES": f"{other.services.witness.vkey} {at}, {lost} {at}/lost",
            "GREENCHAIN_ALLOWED_HOSTS": f"localhost:{site.port}",
            "GREENCHAIN_CA_FILE": str(authority.file),
        }
        yield Town(House(house.database, house.settings.data, **told), parse_vkey(other.services.witness.vkey), lost)


def test_cosignatures_are_in_the_checkpoint_and_in_proofs(town: Town, supplier: Client) -> None:
    ours, witnesses = town.house, [town.witness, parse_vkey(town.lost)]
    first = supplier.states(product(id=unique("P")))
    proof = get(ours, first["ledger_proof"]).data
    assert verify_proof(proof, log_key(ours), witnesses).signed == (log_key(ours),)
    ours.services.cosigning.round()
    note = get(ours, "/ledger/checkpoint").data
    assert set(open_checkpoint(note, [log_key(ours), *witnesses])[1]) == {log_key(ours), town.witness}
    proof = get(ours, first["ledger_proof"]).data
    assert town.witness in verify_proof(proof, log_key(ours), witnesses).signed
    [there, lost] = get(ours, "/ledger/witnesses").json["witnesses"]
    assert there["cosigned"] == open_checkpoint(note, [log_key(ours)])[0].size
    assert (lost["cosigned"], abs(lost["failing_since"] - time.time()) < 60) == (0, True)


def test_what_came_after_the_cosigned_head_is_proven_under_the_newest(town: Town, supplier: Client) -> None:
    ours = town.house
    ours.services.cosigning.round()
    later = supplier.states(product(id=unique("P")))
    assert get(ours, "/ledger/checkpoint").data == ours.services.log.shown().note
    assert head(ours).size == later["ledger_index"]
    proven = verify_proof(get(ours, later["ledger_proof"]).data, log_key(ours))
    assert proven.head.size == later["ledger_index"] + 1
    os.utime(ours.settings.data / "ledger" / "witnessed.json", (1, 1))
    assert head(ours).size == later["ledger_index"] + 1, "where nobody asks the witnesses, nobody waits for them"


def test_a_cosigned_head_holds_a_set_back_graph_as_well(town: Town, supplier: Client) -> None:
    """The last head was set back together with the graph, and what the witnesses cosigned was not."""
    ours, folder = town.house, town.house.settings.data / "ledger"
    ours.services.cosigning.round()
    kept = ours.services.log.witnessed.read()
    assert kept is not None
    key = read_signer(folder / "log.key")
    forked = sign_checkpoint(Checkpoint(key.name, kept.signed.head.size, bytes(32)), key)
    was = (folder / "witnessed.json").read_bytes()
    ours.services.log.witnessed.write(replace(kept, signed=Signed(kept.signed.head, forked.encode())))
    try:
        with pytest.raises(LedgerForked, match="not those that were signed for"):
            ours.services.log.check()
    finally:
        (folder / "witnessed.json").write_bytes(was)


def test_a_ledger_without_witnesses_says_so(house: House) -> None:
    assert get(house, "/ledger/witnesses").json["witnesses"] == []


def open_note_time(note: bytes) -> int:
    return parse_note(note).signatures[-1].time
