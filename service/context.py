"""What one process of the service holds while it runs, and how a request gets at it."""

from dataclasses import dataclass
from functools import partial
from typing import cast

import flask
from werkzeug.local import LocalProxy

from connectors.guarded import GuardedSession
from connectors.witnesses import add_checkpoint
from graph.store.database import Database
from service.anchors import read_anchors
from service.auth.accounts import Accounts
from service.auth.attempts import Attempts
from service.auth.principals import PrincipalCache
from service.auth.tokens import Tokens
from service.certificates import Certificates
from service.chain import Chain
from service.changes import Differences
from service.config import Settings
from service.documents import Documents
from service.factors import FactorSets
from service.figures import Figures
from service.intake.submit import Intake, Surroundings
from service.intake.writer import GroupWriter
from service.inventories import Inventories
from service.keys import Keys
from service.ledger.cosigning import Cosigning
from service.ledger.entry import Scribe
from service.ledger.log import Log
from service.ledger.policy import policy_version
from service.ledger.start import cosigners, open_log, open_witness, scribe
from service.ledger.witness import Witness
from service.outside import Outside
from service.portfolios import Portfolios
from service.publications import Publications
from service.questions import Questions
from service.receipts.allowance import Allowance
from service.receipts.making import Receipts
from service.secrets import derive, server_secret
from service.trust.limits import Limits

_EXTENSION = "greenchain"


@dataclass(frozen=True, slots=True)
class Services:
    """Settings, the graph, and what stands on them."""

    settings: Settings
    database: Database
    accounts: Accounts
    principals: PrincipalCache
    tokens: Tokens
    attempts: Attempts
    form_key: bytes
    intake: Intake
    keys: Keys
    chain: Chain
    documents: Documents
    figures: Figures
    questions: Questions
    portfolios: Portfolios
    certificates: Certificates
    factors: FactorSets
    inventories: Inventories
    scribe: Scribe
    log: Log
    witness: Witness
    cosigning: Cosigning
    receipts: Receipts
    differences: Differences
    publications: Publications
    outside: GuardedSession


def attach(app: flask.Flask, settings: Settings, database: Database) -> Services:
    """Build the services of an app and bind them to it."""
    secret = server_secret(settings.data)
    accounts = Accounts(database)
    limits = limits_of(settings)
    writer, outside = scribe(settings, policy_version(limits, settings.policy, settings.recognised)), guarded(settings)
    intake = _intake(settings, database, limits, writer, outside)
    chain = Chain(database, settings.policy, settings.recognised, most_rows=settings.max_chain_rows, seen=_seen)
    log, figures = open_log(settings, database), Figures(database, chain, settings.min_contributors)
    receipts = Receipts(
        database=database,
        chain=chain,
        intake=intake,
        log=log,
        scribe=writer,
        limits=limits,
        secret=derive(secret, "receipts"),
        audience=settings.url,
        allowance=Allowance(settings.receipts_per_hour),
    )
    differences = Differences(database, chain, figures)
    services = Services(
        settings=settings,
        database=database,
        accounts=accounts,
        principals=PrincipalCache(accounts.find),
        tokens=Tokens(secret, settings.url, settings.token_seconds),
        attempts=Attempts(),
        form_key=derive(secret, "forms"),
        intake=intake,
        keys=Keys(database, intake, derive(secret, "key challenges"), settings.url),
        chain=chain,
        documents=Documents(database, chain),
        figures=figures,
        questions=Questions(chain, figures, settings.min_contributors),
        portfolios=Portfolios(chain, settings.min_contributors),
        certificates=Certificates(database, chain, figures),
        factors=FactorSets(database, chain),
        inventories=Inventories(chain),
        scribe=writer,
        log=log,
        witness=open_witness(settings),
        cosigning=Cosigning(log, log.witnessed, cosigners(settings), partial(add_checkpoint, outside)),
        receipts=receipts,
        differences=differences,
        publications=Publications(database, chain, intake, receipts, differences),
        outside=outside,
    )
    app.extensions[_EXTENSION] = services
    return services


def limits_of(settings: Settings) -> Limits:
    """The caps that documents are held to."""
    return Limits(document_bytes=settings.max_document_bytes)


def build_intake(settings: Settings, database: Database) -> Intake:
    """The one door on a graph, outside any app."""
    limits = limits_of(settings)
    return _intake(
        settings,
        database,
        limits,
        scribe(settings, policy_version(limits, settings.policy, settings.recognised)),
        guarded(settings),
    )


def guarded(settings: Settings) -> GuardedSession:
    """The one session for addresses that documents name."""
    return GuardedSession(frozenset(filter(None, settings.allowed_hosts.split(","))), settings.ca_file)


def _seen() -> set[object] | None:
    """What lasts as long as one request that only reads; one that writes must see what it wrote."""
    if flask.has_request_context() and flask.request.method in ("GET", "HEAD"):
        found: set[object] = flask.g.setdefault("seen", set())
        return found
    return None


def _intake(settings: Settings, database: Database, limits: Limits, writer: Scribe, outside: GuardedSession) -> Intake:
    """Writers of all processes of this machine take turns on a file; other machines, on the ledger's counter."""
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    around = Surroundings(settings.url, read_anchors(settings.trust_anchors), resolve=Outside(outside).resolve)
    return Intake(database, GroupWriter(database, writer, settings.data / "intake.lock"), limits, surroundings=around)


def _current() -> Services:
    return cast(Services, flask.current_app.extensions[_EXTENSION])


# The services of the app that answers the current request.
services = cast(Services, LocalProxy(_current))
