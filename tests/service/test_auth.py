"""Tokens: how they are had, and which are refused."""

import base64
import json
import time

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from service.app import create_app
from service.auth import principals
from service.auth.attempts import PER_ADDRESS, PER_NAME_AND_ADDRESS, WINDOW_SECONDS, Attempts
from service.auth.errors import Forbidden, NotAuthenticated, TooManyAttempts
from service.auth.roles import OPERATOR, PERMISSIONS, Permission, Role, Viewer
from service.auth.tokens import Tokens, TokenSubject
from service.secrets import derive, server_secret

GRANT = {"grant_type": "client_credentials"}


def b64(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else json.dumps(data).encode()).decode().rstrip("=")


def test_a_system_gets_a_token_with_a_basic_header(client, makes):
    system = makes.system()
    answer = client.post("/auth/token", data=GRANT, auth=(system.id, system.client_secret))
    assert answer.status_code == 200
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["expires_in"] == 3600
    assert answer.headers["Cache-Control"] == "no-store"
    me = client.get("/api/v1/me", headers={"Authorization": f"Bearer {answer.json['access_token']}"})
    assert me.json["id"] == system.id
    assert me.json["roles"] == ["supplier"]
    assert "submit-documents" in me.json["permissions"]
    assert me.headers["Cache-Control"] == "no-store"


def test_a_system_gets_a_token_with_the_form(client, makes):
    system = makes.system()
    form = {**GRANT, "client_id": system.id, "client_secret": system.client_secret}
    assert client.post("/auth/token", data=form).status_code == 200


def oauth_error(answer, status, code):
    assert answer.status_code == status, answer.text
    assert answer.json["error"] == code
    assert set(answer.json) <= {"error", "error_description"}
    assert len(answer.json.get("error_description", "")) <= 200
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_wrong_secret_and_an_unknown_client_look_alike(client, makes):
    system = makes.system()
    wrong = client.post("/auth/token", data=GRANT, auth=(system.id, "wrong"))
    unknown = client.post("/auth/token", data=GRANT, auth=("nobody", "wrong"))
    oauth_error(wrong, 401, "invalid_client")
    assert wrong.headers["WWW-Authenticate"].startswith("Basic")
    assert "client_secret_basic" not in wrong.headers["WWW-Authenticate"]
    assert wrong.json["error_description"] == "The client id or the client secret is missing or wrong."
    assert wrong.json == unknown.json
    assert wrong.status_code == unknown.status_code


def test_a_wrong_client_takes_as_long_as_a_wrong_secret(accounts, makes):
    system = makes.system()
    accounts.client("nobody", "x")  # the stand-in is made once

    def fastest(client_id):
        return min(_timed(lambda: accounts.client(client_id, "wrong")) for _ in range(7))

    assert fastest("nobody") > 0.5 * fastest(system.id)


def _timed(work):
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def test_a_person_has_no_client_secret(client, makes):
    person = makes.person()
    oauth_error(client.post("/auth/token", data=GRANT, auth=(person.id, "")), 401, "invalid_client")
    oauth_error(client.post("/auth/token", data=GRANT, auth=(person.id, "x")), 401, "invalid_client")


@pytest.mark.parametrize("grant", ["", "password", "authorization_code", "x" * 5000, "é"])
def test_other_grants_are_refused(client, makes, grant):
    system = makes.system()
    answer = client.post("/auth/token", data={"grant_type": grant}, auth=(system.id, system.client_secret))
    oauth_error(answer, 400, "unsupported_grant_type")


def test_no_credentials_are_refused(client):
    oauth_error(client.post("/auth/token", data=GRANT), 401, "invalid_client")


def test_credentials_in_the_query_are_not_looked_at(client, makes):
    system = makes.system()
    query = f"client_id={system.id}&client_secret={system.client_secret}"
    oauth_error(client.post(f"/auth/token?{query}", data=GRANT), 401, "invalid_client")


@pytest.mark.parametrize(
    "header",
    ["Basic", "Basic !", "Basic " + base64.b64encode(b"\xff\xfe:x").decode(), "Basic eA==", "Bearer x", "Basic Og=="],
)
def test_broken_credentials_are_refused(client, header):
    answer = client.post("/auth/token", data=GRANT, headers={"Authorization": header})
    assert answer.status_code in {400, 401}
    assert answer.json["error"] in {"invalid_client", "invalid_request"}


def test_two_sets_of_credentials_are_refused(client, makes):
    system = makes.system()
    form = {**GRANT, "client_id": system.id, "client_secret": system.client_secret}
    oauth_error(client.post("/auth/token", data=form, auth=("other", "x")), 400, "invalid_request")


@pytest.mark.parametrize("client_id", ["\x00", "a\x00b", "🌱", "x" * 3000, "' OR 1=1 //", "{}"])
def test_strange_ids_are_wrong_ids(client, client_id):
    answer = client.post("/auth/token", data={**GRANT, "client_id": client_id, "client_secret": "x"})
    assert answer.status_code in {400, 401}, answer.text


def test_guessing_is_slowed_down_for_the_guesser_alone(client, makes):
    system = makes.system()
    for _ in range(PER_NAME_AND_ADDRESS):
        oauth_error(client.post("/auth/token", data=GRANT, auth=(system.id, "wrong")), 401, "invalid_client")
    blocked = client.post("/auth/token", data=GRANT, auth=(system.id, system.client_secret))
    oauth_error(blocked, 429, "temporarily_unavailable")
    assert 0 < int(blocked.headers["Retry-After"]) <= WINDOW_SECONDS + 1
    other = {"REMOTE_ADDR": "127.0.0.2"}
    good = client.post("/auth/token", data=GRANT, auth=(system.id, system.client_secret), environ_base=other)
    assert good.status_code == 200


def test_attempts_are_forgotten_after_the_window():
    now = [0.0]
    attempts = Attempts(clock=lambda: now[0])
    for i in range(PER_ADDRESS):
        attempts.failed(f"name{i}", "a")
    with pytest.raises(TooManyAttempts):
        attempts.check("fresh", "a")
    attempts.check("fresh", "b")
    now[0] = WINDOW_SECONDS + 1
    attempts.check("fresh", "a")


def test_success_forgives_failures_of_that_name_there():
    attempts = Attempts()
    for _ in range(PER_NAME_AND_ADDRESS):
        attempts.failed("Ada", "a")
    with pytest.raises(TooManyAttempts):
        attempts.check("ada", "a")
    attempts.succeeded("ada", "a")
    attempts.check("Ada", "a")


def test_where_tokens_are_had_is_published(client, settings):
    answer = client.get("/.well-known/openid-configuration")
    assert answer.json["token_endpoint"] == settings.url + "/auth/token"
    assert answer.json["issuer"] == settings.url


# Tokens that must not work


@pytest.fixture
def tokens(settings):
    return Tokens(server_secret(settings.data), settings.url, 3600)


def refused(client, token):
    answer = client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401, answer.text
    assert answer.content_type == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="greenchain", error="invalid_token"'
    assert len(token) < 9 or token[:40] not in answer.text


def claims(settings, system, **other):
    now = int(time.time())
    base = {"iss": settings.url, "aud": settings.url, "sub": system.id, "gen": 0, "iat": now, "exp": now + 600}
    return base | other


def signed(settings, payload, *, key=None, header=None):
    key = key or OctKey.import_key(derive(server_secret(settings.data), "access-token"))
    return jwt.encode(header or {"alg": "HS256", "typ": "at+jwt"}, payload, key)


def test_the_forger_s_tools_make_good_tokens_too(client, settings, makes):
    """Otherwise the tests below would pass for a wrong reason."""
    token = signed(settings, claims(settings, makes.system()))
    assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_alg_none_is_refused(client, settings, makes):
    payload = b64(claims(settings, makes.system()))
    refused(client, f"{b64({'alg': 'none', 'typ': 'at+jwt'})}.{payload}.")
    refused(client, f"{b64({'alg': 'none', 'typ': 'at+jwt'})}.{payload}.AAAA")


def test_other_keys_are_refused(client, settings, makes):
    payload = claims(settings, makes.system())
    refused(client, signed(settings, payload, key=OctKey.import_key(b"x" * 32)))
    # The form key of the same server: a key for one purpose is none for another.
    refused(client, signed(settings, payload, key=OctKey.import_key(derive(server_secret(settings.data), "forms"))))


def test_other_algorithms_of_the_right_key_are_refused(client, settings, makes):
    key = OctKey.import_key(derive(server_secret(settings.data), "access-token"))
    header = {"alg": "HS512", "typ": "at+jwt"}
    token = jwt.encode(header, claims(settings, makes.system()), key, algorithms=["HS512"])
    refused(client, token)


def test_another_type_is_refused(client, settings, makes):
    refused(client, signed(settings, claims(settings, makes.system()), header={"alg": "HS256", "typ": "JWT"}))


@pytest.mark.parametrize(
    "other",
    [
        {"exp": 1},
        {"iss": "http://other"},
        {"aud": "http://other"},
        {"sub": "nobody"},
        {"gen": 1},
        {"gen": "x"},
        {"exp": "x"},
    ],
)
def test_wrong_claims_are_refused(client, settings, makes, other):
    refused(client, signed(settings, claims(settings, makes.system(), **other)))


@pytest.mark.parametrize("missing", ["exp", "iss", "aud", "sub", "gen"])
def test_missing_claims_are_refused(client, settings, makes, missing):
    payload = claims(settings, makes.system())
    del payload[missing]
    refused(client, signed(settings, payload))


@pytest.mark.parametrize(
    "token", ["x", "a.b.c", "..", "é", b64(b"[" * 1200) + ".e30.AA", b64("x") + ".e30.AA", "a" * 8000, "a.b.c.d.e"]
)
def test_what_is_no_token_is_refused(client, token):
    refused(client, token)


def test_an_expired_token_is_refused(settings, makes):
    now = [time.time()]
    tokens = Tokens(b"s" * 32, "http://x", 60, clock=lambda: now[0])
    token = tokens.issue(TokenSubject("p", 0), "o")
    assert tokens.read(token) == TokenSubject("p", 0)
    now[0] += 61
    with pytest.raises(NotAuthenticated):
        tokens.read(token)


def test_the_token_of_a_disabled_principal_is_refused(client, makes, bearer, operator):
    system = makes.system()
    header = bearer(system)
    assert client.get("/api/v1/me", headers=header).status_code == 200
    assert client.delete(f"/api/v1/principals/{system.id}", headers=operator).status_code == 204
    refused(client, header["Authorization"].removeprefix("Bearer "))


def test_another_worker_refuses_it_once_its_memory_has_aged(app, settings, database, makes, bearer, accounts, operator):
    other = create_app(settings, database)
    now = [0.0]
    other.extensions["greenchain"].principals._clock = lambda: now[0]
    system = makes.system()
    header = bearer(system)
    assert other.test_client().get("/api/v1/me", headers=header).status_code == 200
    assert app.test_client().delete(f"/api/v1/principals/{system.id}", headers=operator).status_code == 204
    now[0] = principals.CACHE_SECONDS
    assert principals.CACHE_SECONDS <= 30
    assert other.test_client().get("/api/v1/me", headers=header).status_code == 401


def test_a_missing_token_says_how_to_sign_in(client):
    answer = client.get("/api/v1/me")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="greenchain"'
    assert answer.json["type"] == "urn:greenchain:problem:not-authenticated"


@pytest.mark.parametrize("header", ["Basic eDp5", "Bearer", "Bearer ", "bearer", "Token x", ""])
def test_other_authorization_headers_are_refused_even_beside_a_session(client, makes, sign_in, header):
    sign_in(makes.person().sign_in_path)
    assert client.get("/api/v1/me").status_code == 200
    assert client.get("/api/v1/me", headers={"Authorization": header}).status_code == 401


def test_who_is_nobody_learns_nothing_about_the_body(client):
    answer = client.post("/api/v1/organizations", json={"organization": "nonsense"})
    assert answer.status_code == 401


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.ADMIN])
def test_only_admins_manage_principals(client, makes, bearer, role):
    header = bearer(makes.system(OPERATOR, role))
    for path in ("/api/v1/organizations", "/api/v1/principals"):
        answer = client.post(path, json={"organization": "nonsense"}, headers=header)
        assert answer.status_code == 403
        assert answer.json["type"] == "urn:greenchain:problem:forbidden"
        assert "manage-principals" in answer.json["detail"]


def test_every_role_is_in_the_table():
    assert set(PERMISSIONS) == set(Role)
    nobody = Viewer("p", "o", frozenset())
    for permission in Permission:
        with pytest.raises(Forbidden, match=permission.value):
            nobody.require(permission)
    both = Viewer("p", "o", frozenset({Role.SUPPLIER, Role.AUDITOR}))
    both.require(Permission.SUBMIT_DOCUMENTS)
    both.require(Permission.READ_EVIDENCE)
    assert not both.may(Permission.MANAGE_PRINCIPALS)
