"""People: links, passwords, sessions, forms."""

import re
import threading
import time

import pytest

from service.app import create_app
from service.auth.accounts import LINK_SECONDS, SESSION_SECONDS, Accounts, viewer_of
from service.auth.attempts import PER_NAME_AND_ADDRESS
from service.auth.errors import LinkSpent, SignInFailed, WeakPassword
from service.auth.roles import OPERATOR, Role
from service.bootstrap import ensure_admin
from service.config import Settings

PASSWORD = "four words that belong"


def choose(client, form_token, password=PASSWORD, current=""):
    data = {"csrf_token": form_token("/account"), "password": password, "current": current}
    return client.post("/account", data=data)


def enter(client, form_token, name, password, **more):
    data = {"csrf_token": form_token("/sign-in"), "name": name, "password": password, **more}
    return client.post("/sign-in", data=data)


def test_a_link_signs_in_once(client, app, makes, sign_in, form_token):
    ada = makes.person(name="Ada")
    stranger = app.test_client()
    assert "Sign in as Ada" in client.get(ada.sign_in_path).text
    token = form_token(ada.sign_in_path)
    answer = client.post(ada.sign_in_path, data={"csrf_token": token})
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/account"
    assert client.get("/account").status_code == 200
    assert client.get("/api/v1/me").json["name"] == "Ada"
    assert stranger.get(ada.sign_in_path).status_code == 410
    assert stranger.get("/api/v1/me").status_code == 401


def test_looking_at_a_link_does_not_use_it_up(client, app, makes, sign_in):
    ada = makes.person()
    for _ in range(5):
        assert app.test_client().get(ada.sign_in_path).status_code == 200
        app.test_client().head(ada.sign_in_path)
    sign_in(ada.sign_in_path)


def test_of_many_redemptions_at_once_exactly_one_wins(accounts, makes):
    for _ in range(5):
        path = makes.person(name=f"Ada {time.time_ns()}").sign_in_path
        outcomes, barrier = [], threading.Barrier(8)

        def redeem(path=path, outcomes=outcomes, barrier=barrier):
            barrier.wait()
            try:
                outcomes.append(accounts.redeem(path.rpartition("/")[2])[0])
            except LinkSpent:
                outcomes.append(None)

        threads = [threading.Thread(target=redeem) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        winners = [token for token in outcomes if token]
        assert len(outcomes) == 8
        assert len(winners) == 1
        assert accounts.session_owner(winners[0]) is not None


def test_links_and_sessions_run_out(database, makes):
    now = [time.time()]
    accounts = Accounts(database, clock=lambda: now[0])
    token = makes.person().sign_in_path.rpartition("/")[2]
    now[0] += LINK_SECONDS - 60
    session, _ = accounts.redeem(token)
    assert accounts.session_owner(session)
    now[0] += SESSION_SECONDS
    assert accounts.session_owner(session) is None
    late = makes.person(name="late").sign_in_path.rpartition("/")[2]
    now[0] = time.time() + LINK_SECONDS + 1
    with pytest.raises(LinkSpent):
        accounts.redeem(late)
    with pytest.raises(LinkSpent):
        accounts.link_owner(late)


def test_a_new_link_ends_the_older_one(client, app, makes, accounts):
    ada = makes.person()
    newer = accounts.issue_link(None, ada.id)
    assert client.get(ada.sign_in_path).status_code == 410
    assert client.get(newer).status_code == 200


@pytest.mark.parametrize("token", ["x", "%00", "a" * 5000, "../account", "🌱"])
def test_unknown_links_are_spent(client, token):
    assert client.get(f"/sign-in/{token}").status_code in {404, 410, 414}


def test_a_password_signs_in(client, app, makes, sign_in, form_token):
    sign_in(makes.person(name="Ada Løvelace").sign_in_path)
    assert choose(client, form_token).status_code == 303
    client.post("/sign-out", data={"csrf_token": form_token("/account")})
    assert client.get("/api/v1/me").status_code == 401
    answer = enter(client, form_token, "  ada løvelace ", PASSWORD)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/lots"
    assert client.get("/api/v1/me").json["name"] == "Ada Løvelace"


def test_composed_and_decomposed_characters_are_one_password(accounts, makes):
    ada = makes.person(name="Ada")
    session, _ = accounts.redeem(ada.sign_in_path.rpartition("/")[2])
    accounts.set_password(ada.id, "", "caf\u00e9 caf\u00e9 caf\u00e9", session)
    accounts.sign_in("Ada", "cafe\u0301 cafe\u0301 cafe\u0301")


@pytest.mark.parametrize("password", ["", "short", "x" * 11, "x" * 257])
def test_weak_passwords_are_refused(client, makes, sign_in, form_token, password):
    sign_in(makes.person().sign_in_path)
    answer = choose(client, form_token, password)
    assert answer.status_code == 422
    assert "12 to 256 characters" in answer.text


def test_wrong_name_and_wrong_password_look_alike(client, makes, accounts, form_token):
    ada = makes.person(name="Ada")
    session, _ = accounts.redeem(ada.sign_in_path.rpartition("/")[2])
    accounts.set_password(ada.id, "", PASSWORD, session)
    wrong = enter(client, form_token, "Ada", "wrong password")
    unknown = enter(client, form_token, "Eve", "wrong password")
    assert wrong.status_code == unknown.status_code == 401
    strip = re.compile(r'value="[^"]*"')
    assert strip.sub("", wrong.text) == strip.sub("", unknown.text)
    assert "wrong password" not in wrong.text


def test_one_without_a_password_cannot_sign_in_by_one(accounts, makes):
    makes.person(name="Ada")
    for password in ("", "anything at all"):
        with pytest.raises(SignInFailed):
            accounts.sign_in("Ada", password)


def test_a_system_cannot_sign_in(accounts, makes):
    system = makes.system()
    for name in (system.id, system.name):
        with pytest.raises(SignInFailed):
            accounts.sign_in(name, system.client_secret)


def test_a_changed_password_needs_the_old_one_and_ends_other_sessions(
    client, app, makes, sign_in, form_token, accounts
):
    ada = makes.person(name="Ada")
    sign_in(ada.sign_in_path)
    assert choose(client, form_token).status_code == 303
    elsewhere, _ = accounts.sign_in("Ada", PASSWORD)
    assert choose(client, form_token, "another good password", "wrong").status_code == 401
    assert accounts.session_owner(elsewhere)
    assert choose(client, form_token, "another good password", PASSWORD).status_code == 303
    assert accounts.session_owner(elsewhere) is None
    assert client.get("/account").status_code == 200
    with pytest.raises(SignInFailed):
        accounts.sign_in("Ada", PASSWORD)
    with pytest.raises(WeakPassword):
        accounts.set_password(ada.id, "another good password", "short", "")


def test_guessing_passwords_is_slowed_down(client, makes, form_token):
    makes.person(name="Ada")
    for _ in range(PER_NAME_AND_ADDRESS):
        assert enter(client, form_token, "Ada", "guess").status_code == 401
    blocked = enter(client, form_token, "Ada", "guess")
    assert blocked.status_code == 429
    assert int(blocked.headers["Retry-After"]) > 0
    assert "too many failed attempts" in blocked.text.lower()


def test_signing_out_and_disabling_hold_in_every_worker(
    client, app, settings, database, makes, sign_in, form_token, accounts
):
    ada = makes.person(OPERATOR, Role.PROCUREMENT, name="Ada")
    sign_in(ada.sign_in_path)
    cookie = client.get_cookie("greenchain-session").value
    other = create_app(settings, database).test_client()
    other.set_cookie("greenchain-session", cookie)
    assert other.get("/api/v1/me").status_code == 200
    client.post("/sign-out", data={"csrf_token": form_token("/account")})
    assert client.get_cookie("greenchain-session") is None
    assert other.get("/api/v1/me").status_code == 401
    session, _ = accounts.redeem(accounts.issue_link(None, ada.id).rpartition("/")[2])
    other.set_cookie("greenchain-session", session)
    assert other.get("/api/v1/me").status_code == 200
    root = makes.person(OPERATOR, Role.ADMIN, name="root")
    accounts.disable(viewer_of(accounts.find(root.id)), ada.id)
    assert other.get("/api/v1/me").status_code == 401


def test_a_disabled_person_cannot_use_link_or_password(accounts, makes):
    ada = makes.person(name="Ada")
    session, _ = accounts.redeem(ada.sign_in_path.rpartition("/")[2])
    accounts.set_password(ada.id, "", PASSWORD, session)
    link = accounts.issue_link(None, ada.id)
    root = makes.person(OPERATOR, Role.ADMIN, name="root")
    accounts.disable(viewer_of(accounts.find(root.id)), ada.id)
    with pytest.raises(SignInFailed):
        accounts.sign_in("Ada", PASSWORD)
    with pytest.raises(LinkSpent):
        accounts.redeem(link.rpartition("/")[2])


# Forms


@pytest.mark.parametrize("token", ["", "0" * 64, "é", None])
def test_a_form_without_its_token_is_refused(client, makes, form_token, token):
    ada = makes.person()
    form_token("/sign-in")
    data = {} if token is None else {"csrf_token": token}
    for path in ("/sign-in", ada.sign_in_path, "/sign-out", "/account"):
        answer = client.post(path, data=data, headers={"Accept": "application/problem+json"})
        assert answer.status_code == 403
        assert answer.json["type"] == "urn:greenchain:problem:form-forged"
    assert client.get(ada.sign_in_path).status_code == 200


def test_a_token_of_another_browser_is_refused(client, app, makes, sign_in, form_token):
    foreign = re.search(r'value="([0-9a-f]{64})"', app.test_client().get("/sign-in").text)[1]
    assert client.post("/sign-in", data={"csrf_token": foreign, "name": "a", "password": "b"}).status_code == 403
    before = form_token("/sign-in")
    sign_in(makes.person().sign_in_path)
    assert client.post("/sign-out", data={"csrf_token": before}).status_code == 403
    assert client.get("/account").status_code == 200


def test_a_form_from_another_site_is_refused(client, form_token):
    data = {"csrf_token": form_token("/sign-in"), "name": "a", "password": "b"}
    assert client.post("/sign-in", data=data, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_an_authorization_header_does_not_open_forms(client, makes, sign_in):
    sign_in(makes.person().sign_in_path)
    answer = client.post("/account", data={"password": PASSWORD}, headers={"Authorization": "Bearer x"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("path", "goes"),
    [
        ("/account", "/account"),
        ("/lots/abc", "/lots/abc"),
        ("//evil.example", "/lots"),
        ("/\\evil.example", "/lots"),
        ("https://evil.example", "/lots"),
        ("/x\r\nSet-Cookie: a=b", "/lots"),
        ("javascript:alert(1)", "/lots"),
        ("", "/lots"),
    ],
)
def test_after_signing_in_one_stays_on_this_site(client, makes, accounts, form_token, path, goes):
    ada = makes.person(name="Ada")
    session, _ = accounts.redeem(ada.sign_in_path.rpartition("/")[2])
    accounts.set_password(ada.id, "", PASSWORD, session)
    assert enter(client, form_token, "Ada", PASSWORD, next=path).headers["Location"] == goes


def test_who_is_not_signed_in_is_led_to_the_door(client):
    answer = client.get("/account")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/sign-in?next=/account"
    assert client.get("/").headers["Location"] == "/sign-in"


def test_names_are_escaped(client, makes):
    page = client.get(makes.person(name="<script>alert(1)</script>").sign_in_path).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_cookies_over_https_are_host_bound(settings, database, tmp_path, makes):
    environ = {"GREENCHAIN_DATA": str(settings.data), "GREENCHAIN_URL": "https://greenchain.example"}
    client = create_app(Settings.from_environment(environ), database).test_client()
    ada = makes.person()
    assert client.get("/sign-in").status_code == 403  # plain http
    assert client.get("/healthz").status_code == 200
    proxy = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}
    page = client.get(ada.sign_in_path, headers=proxy, base_url="https://localhost")
    token = re.search(r'value="([0-9a-f]{64})"', page.text)[1]
    answer = client.post(ada.sign_in_path, data={"csrf_token": token}, headers=proxy, base_url="https://localhost")
    assert answer.status_code == 303
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-greenchain-session=")
    for attribute in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert attribute in cookie
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"]


# The first start


def test_the_first_start_prints_a_way_in(client, database, sign_in):
    path = ensure_admin(database)
    sign_in(path)
    me = client.get("/api/v1/me").json
    assert me["organization"] == OPERATOR
    assert me["roles"] == ["admin"]


def test_later_starts_print_another_until_there_is_a_password(client, database, sign_in, form_token, accounts):
    first, second = ensure_admin(database), ensure_admin(database)
    assert first != second
    assert client.get(first).status_code == 410
    sign_in(second)
    assert len(accounts.members(OPERATOR)) == 1
    assert choose(client, form_token).status_code == 303
    assert ensure_admin(database) is None


def test_sign_in_tokens_are_not_logged(client, database, makes, sign_in, form_token, caplog):
    caplog.set_level("DEBUG")
    path = ensure_admin(database)
    sign_in(path)
    choose(client, form_token)
    session = client.get_cookie("greenchain-session").value
    text = " ".join(
        str(record.__dict__) for record in caplog.records if record.name.startswith(("greenchain", "service"))
    )
    assert "/sign-in/<token>" in text
    for secret in (path.rpartition("/")[2], session, PASSWORD):
        assert secret not in text
