"""Organizations and principals over the API."""

import threading

import pytest

from graph.store.principals import NameTaken, OrganizationTaken, PrincipalKind
from service.auth.accounts import PrincipalRequest
from service.auth.roles import OPERATOR, Role
from service.bootstrap import ensure_admin

ALPHA, BETA = "urn:greenchain:org:alpha", "urn:greenchain:org:beta"
SYSTEM = {"kind": "system", "name": "erp", "roles": ["supplier"]}
PERSON = {"kind": "person", "name": "Ada", "roles": ["procurement", "auditor"]}


def organization(uri=ALPHA, *principals):
    return {"organization": uri, "name": "Alpha", "principals": list(principals or (SYSTEM,))}


def is_problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == status
    assert answer.json["type"].startswith("urn:greenchain:problem:")
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]
    return answer.json


def test_an_organization_is_registered_with_its_principals(client, operator):
    answer = client.post("/api/v1/organizations", json=organization(ALPHA, SYSTEM, PERSON), headers=operator)
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    system, person = answer.json["principals"]
    assert system["client_id"] == system["id"]
    assert len(system["client_secret"]) >= 43
    assert "sign_in_link" not in system
    assert person["roles"] == ["auditor", "procurement"]
    assert person["sign_in_link"].startswith("http://127.0.0.1:8410/sign-in/")
    assert "client_secret" not in person
    grant = {"grant_type": "client_credentials"}
    assert client.post("/auth/token", data=grant, auth=(system["id"], system["client_secret"])).status_code == 200


def test_secrets_are_stored_as_hashes(client, operator, database):
    answer = client.post("/api/v1/organizations", json=organization(ALPHA, SYSTEM, PERSON), headers=operator)
    system, person = answer.json["principals"]
    stored = str(database.read(lambda tx: tx.run("MATCH (n) RETURN properties(n) AS p")))
    assert system["id"] in stored
    assert system["client_secret"] not in stored
    assert person["sign_in_link"].rpartition("/")[2] not in stored


def test_organizations_are_listed_in_pages(client, operator, makes):
    for i in range(5):
        makes.system(f"urn:greenchain:org:o{i}")
    seen, query = [], "?limit=2"
    for _ in range(4):
        page = client.get(f"/api/v1/organizations{query}", headers=operator).json
        seen += [o["organization"] for o in page["data"]]
        if "next" not in page:
            break
        query = f"?limit=2&cursor={page['next']}"
    assert seen == sorted([OPERATOR, *(f"urn:greenchain:org:o{i}" for i in range(5))])


@pytest.mark.parametrize("cursor", ["x", "e30", "W10", "WzFd", "WyJhIiwiYiJd", "%00", "é", "W" * 600])
def test_a_bad_cursor_is_named(client, operator, cursor):
    problem = is_problem(client.get(f"/api/v1/organizations?cursor={cursor}", headers=operator), 400)
    assert problem["errors"][0]["parameter"] == "cursor"


@pytest.mark.parametrize(("limit", "reason"), [("0", "greater"), ("201", "less"), ("x", "integer"), ("", "integer")])
def test_a_bad_limit_is_named(client, operator, limit, reason):
    problem = is_problem(client.get(f"/api/v1/organizations?limit={limit}", headers=operator), 422)
    assert problem["errors"][0]["parameter"] == "limit"
    assert reason in problem["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("change", "pointer", "reason"),
    [
        ({"organization": "urn:lei:5493001KJTIIGC8Y1R13"}, "/organization", "ISO 17442"),
        ({"organization": 5}, "/organization", "string"),
        ({"organization": "urn:greenchain:org:a|b"}, "/organization", "bar"),
        ({"organization": None}, "/organization", "null"),
        ({"name": ""}, "/name", "1 to 120"),
        ({"name": "a\nb"}, "/name", "printable"),
        ({"name": "x" * 121}, "/name", "1 to 120"),
        ({"name": "\u202eevil"}, "/name", "printable"),
        ({"extra": 1}, "/extra", "Unknown"),
        ({"a/b~c": 1}, "/a~1b~0c", "Unknown"),
        ({"principals": []}, "/principals", "Length"),
        ({"principals": {}}, "/principals", "list"),
        ({"principals": [SYSTEM | {"kind": "robot"}]}, "/principals/0/kind", "person, system"),
        ({"principals": [SYSTEM | {"roles": ["king"]}]}, "/principals/0/roles/0", "admin"),
        ({"principals": [SYSTEM | {"roles": []}]}, "/principals/0/roles", "Length"),
        ({"principals": [SYSTEM, {"kind": "system", "roles": ["supplier"]}]}, "/principals/1/name", "Missing"),
        ({"principals": [SYSTEM | {"id": "mine"}]}, "/principals/0/id", "Unknown"),
    ],
)
def test_a_bad_field_is_named_with_the_reason(client, operator, change, pointer, reason):
    answer = client.post("/api/v1/organizations", json=organization() | change, headers=operator)
    problem = is_problem(answer, 422)
    assert problem["errors"][0]["pointer"] == pointer
    assert reason in problem["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("body", "media", "status", "reason"),
    [
        (b"{", "application/json", 400, "not JSON"),
        (b"", "application/json", 400, "not JSON"),
        (b"\xff", "application/json", 400, "not JSON"),
        (b'{"name": "a", "name": "b"}', "application/json", 400, "twice"),
        (b'{"name": NaN}', "application/json", 400, "NaN"),
        (b'{"name": 1e9999}', "application/json", 422, ""),
        (b"[" * 100_000, "application/json", 400, "not JSON"),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "application/json", 400, "not JSON"),
        (b"[]", "application/json", 422, ""),
        (b"null", "application/json", 422, ""),
        (b'"text"', "application/json", 422, ""),
        (b'{"name": ' + b"9" * 5000 + b"}", "application/json", 400, "not JSON"),
        (b'{"organization": "\\ud800"}', "application/json", 422, ""),
        (b"a=b", "application/x-www-form-urlencoded", 415, "application/json"),
        (b"{}", "text/plain", 415, "application/json"),
        (b"{}", "", 415, "application/json"),
        (b" " * 1_100_000, "application/json", 413, ""),
    ],
)
def test_a_bad_body_is_refused_with_the_reason(client, operator, body, media, status, reason):
    headers = operator | ({"Content-Type": media} if media else {})
    problem = is_problem(client.post("/api/v1/organizations", data=body, headers=headers), status)
    assert reason in str(problem)
    assert len(str(problem)) < 2000


def test_a_second_registration_is_refused(client, operator):
    assert client.post("/api/v1/organizations", json=organization(), headers=operator).status_code == 201
    problem = is_problem(client.post("/api/v1/organizations", json=organization(), headers=operator), 409)
    assert problem["type"].endswith(":organization-exists")


def test_a_name_signs_in_one_person_only(client, operator, accounts):
    assert client.post("/api/v1/organizations", json=organization(ALPHA, PERSON), headers=operator).status_code == 201
    answer = client.post(
        "/api/v1/organizations", json=organization(BETA, SYSTEM, PERSON | {"name": "ADA"}), headers=operator
    )
    assert is_problem(answer, 409)["type"].endswith(":name-taken")
    assert accounts.members(BETA) == []


def _race(work, times):
    outcomes, barrier = [], threading.Barrier(times)

    def run(number):
        barrier.wait()
        try:
            outcomes.append(work(number))
        except (NameTaken, OrganizationTaken) as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=run, args=(i,)) for i in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes


def test_of_two_who_take_one_name_at_once_one_gets_it(makes):
    outcomes = _race(lambda i: makes.person(f"urn:greenchain:org:o{i}", name="Ada").name, 6)
    assert sorted(map(str, outcomes)) == sorted(["Ada", *[str(NameTaken)] * 5])


def test_of_two_who_register_one_organization_at_once_one_does(accounts):
    outcomes = _race(lambda i: accounts.register_organization(None, ALPHA, "Alpha", [_request(i)])[0].kind, 6)
    assert outcomes.count(OrganizationTaken) == 5
    assert len(accounts.members(ALPHA)) == 1


def _request(number):
    return PrincipalRequest(PrincipalKind.SYSTEM, f"s{number}", frozenset({Role.SUPPLIER}))


def test_an_admin_manages_its_own_organization_only(client, makes, bearer):
    admin = bearer(makes.system(ALPHA, Role.ADMIN))
    other = makes.system(BETA)
    mine = client.post("/api/v1/principals", json=SYSTEM | {"organization": ALPHA}, headers=admin)
    assert mine.status_code == 201
    theirs = client.post("/api/v1/principals", json=SYSTEM | {"organization": BETA}, headers=admin)
    missing = client.post("/api/v1/principals", json=SYSTEM | {"organization": BETA + "2"}, headers=admin)
    assert is_problem(theirs, 404)["detail"] == is_problem(missing, 404)["detail"]
    for path in ("", "/secret", "/sign-in-link"):
        call = client.post if path else client.delete
        is_problem(call(f"/api/v1/principals/{other.id}{path}", headers=admin), 404)
    is_problem(client.get("/api/v1/organizations", headers=admin), 403)
    is_problem(client.post("/api/v1/organizations", json=organization(BETA), headers=admin), 403)
    assert client.delete(f"/api/v1/principals/{mine.json['id']}", headers=admin).status_code == 204


def test_an_organization_must_take_part_before_it_gets_more_principals(client, operator):
    answer = client.post("/api/v1/principals", json=SYSTEM | {"organization": BETA}, headers=operator)
    is_problem(answer, 404)


@pytest.mark.parametrize("principal", ["nobody", "%00", "a%20b", "🌱", "x" * 3000])
def test_an_unknown_principal_is_not_found(client, operator, principal):
    is_problem(client.delete(f"/api/v1/principals/{principal}", headers=operator), 404)


def test_a_new_secret_ends_the_old_one_and_its_tokens(client, makes, bearer, operator):
    system = makes.system()
    header = bearer(system)
    answer = client.post(f"/api/v1/principals/{system.id}/secret", headers=operator)
    assert answer.status_code == 200
    assert client.get("/api/v1/me", headers=header).status_code == 401
    grant = {"grant_type": "client_credentials"}
    assert client.post("/auth/token", data=grant, auth=(system.id, system.client_secret)).status_code == 401
    assert client.post("/auth/token", data=grant, auth=(system.id, answer.json["client_secret"])).status_code == 200


def test_a_disabled_system_gets_no_token_and_stays_disabled(client, makes, operator):
    system = makes.system()
    path = f"/api/v1/principals/{system.id}"
    assert client.delete(path, headers=operator).status_code == 204
    assert client.delete(path, headers=operator).status_code == 204
    is_problem(client.post(path + "/secret", headers=operator), 404)
    grant = {"grant_type": "client_credentials"}
    assert client.post("/auth/token", data=grant, auth=(system.id, system.client_secret)).status_code == 401


def test_the_last_admin_of_the_operator_stays(client, database, accounts, operator):
    ensure_admin(database)
    people = [a for a in accounts.members(OPERATOR) if a.kind == "person"]
    assert people == []  # `operator` made the graph non-empty first
    admin = accounts.add_principal(None, OPERATOR, _person("root"))
    problem = is_problem(client.delete(f"/api/v1/principals/{admin.id}", headers=operator), 409)
    assert problem["type"].endswith(":last-admin")
    accounts.add_principal(None, OPERATOR, _person("root2"))
    assert client.delete(f"/api/v1/principals/{admin.id}", headers=operator).status_code == 204


def _person(name):
    return PrincipalRequest(PrincipalKind.PERSON, name, frozenset({Role.ADMIN}))


def test_the_api_takes_a_session_only_with_the_form_token(client, makes, sign_in, form_token):
    sign_in(makes.person(OPERATOR, Role.ADMIN).sign_in_path)
    assert is_problem(client.post("/api/v1/organizations", json=organization()), 403)["type"].endswith(":form-forged")
    headers = {"X-CSRF-Token": form_token("/account")}
    assert client.post("/api/v1/organizations", json=organization(), headers=headers).status_code == 201
    is_problem(client.post("/api/v1/organizations", json=organization(), headers={"X-CSRF-Token": "é"}), 403)
