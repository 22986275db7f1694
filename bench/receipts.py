"""A receipt of a lot with a long chain above it, for an auditor who may read all documents: size, making, verifying."""

import json
import time
from collections.abc import Callable, Iterator

from bench import wire
from bench.chains import Chain, generate, pyramid, statements
from bench.house import House, Member, administrator, folder, house, join
from bench.rows import Options, Row, say
from connectors.greenchain import GreenchainClient
from graph.model.refs import Kind, uid
from service.ledger.note import Verifier, parse_vkey
from service.receipts.verifying import verify_receipt

AUDITOR = "urn:greenchain:org:bench-auditor"
BATCH = 100
ROUNDS = 5


def run(options: Options) -> Iterator[Row]:
    """Load, open everything to the auditor, ask, verify. ``size``: lots above the one asked for."""
    chain = generate(pyramid(options.pick(1_000, 30), organizations=8, attested=0.05))
    with folder() as data, house(data) as at:
        auditor = _load(at, chain)
        path = f"/api/v1/lots/{uid(Kind.LOT, chain.key(len(chain) - 1))}"
        yield from _rows(at, chain, auditor, path)


def _load(at: House, chain: Chain) -> GreenchainClient:
    """Every statement a document of its own lot, as suppliers write them; then each opens its evidence."""
    say(f"loading {len(chain):,} lots")
    admin, members = administrator(at.url, at.database), dict[str, Member]()
    waiting: dict[str, list[bytes]] = {}
    for maker, statement in statements(chain, 1):
        member = members.get(maker) or members.setdefault(maker, join(admin, maker))
        waiting.setdefault(maker, []).append(member.signed(statement))
    for maker, member in members.items():
        opened = {"kind": "grant", "id": "bench-audit", "grantee": AUDITOR, "evidence": True}
        waiting[maker].append(member.signed({"jti": "bench-audit", "facts": [opened]}))
    for maker, documents in waiting.items():
        for first in range(0, len(documents), BATCH):
            answer = members[maker].client.submit_batch(documents[first : first + BATCH])
            assert not answer["rejected"], answer
    system = {"kind": "system", "name": "bench", "roles": ["auditor"]}
    made = admin.post("/api/v1/organizations", {"organization": AUDITOR, "name": AUDITOR, "principals": [system]})
    told = made["principals"][0]
    return GreenchainClient(at.url, told["client_id"], told["client_secret"])


def _rows(at: House, chain: Chain, auditor: GreenchainClient, path: str) -> Iterator[Row]:
    above = len(chain) - 1
    say("asking for the footprint and for the receipt")
    asked = _best(lambda: auditor.receipt(f"{path}/footprint"))
    made = _best(lambda: auditor.receipt(f"{path}/receipt"))
    content = auditor.receipt(f"{path}/receipt")
    log = _log(at)
    checked = _best(lambda: _verified(content, log))
    documents = len(json.loads(content)["exhibits"])
    yield Row(f"size of a receipt of {documents} documents", above, len(content) / 1e3, None, "kB")
    what = "make a receipt, over HTTP, beside the footprint alone"
    yield Row(what, above, made * 1e3, asked * 1e3, "ms", peak_mb=at.peak())
    yield Row("verify it offline, beside making it", above, checked * 1e3, made * 1e3, "ms")


def _best(work: Callable[[], object]) -> float:
    """Seconds of the quickest of some rounds."""
    found = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return min(found)


def _log(at: House) -> Verifier:
    answer = wire.Wire(at.url).send(wire.request("GET", "/ledger/keys"))
    return parse_vkey(json.loads(answer.body)["log"])


def _verified(content: bytes, log: Verifier) -> None:
    found = verify_receipt(content, [log])
    if not found.holds:
        raise RuntimeError(f"the receipt does not hold: {[line.what for line in found.tree.wrong()][:3]}")
