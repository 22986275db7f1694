"""Errors, headers, limits and logs; through a real gunicorn where it is gunicorn that refuses."""

import gzip
import http.client
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import flask
import pytest

from graph import errors
from graph.store.database import Database, EngineAddress
from service.app import MAX_HEADERS, MAX_QUERY, create_app
from service.logs import JsonFormatter
from service.problems import KINDS, FieldFault, init_app
from service.web.docs import ASSETS

ROOT = Path(__file__).resolve().parents[2]


def is_problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == status
    assert re.fullmatch(r"urn:greenchain:problem:[a-z-]+", answer.json["type"])
    assert answer.json["title"]
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]
    return answer.json


@pytest.mark.parametrize("path", ["/api/nope", "/auth/nope", "/3/nope", "/ledger/nope", "/epcis/nope"])
def test_programs_get_problem_details_whatever_they_accept(client, path):
    is_problem(client.get(path, headers={"Accept": "text/html"}), 404)


@pytest.mark.parametrize("accept", [None, "text/html", "*/*", "text/html,application/json;q=0.5"])
def test_people_get_a_page_with_the_same_words(client, accept):
    answer = client.get("/nope", headers={"Accept": accept} if accept else {})
    assert answer.status_code == 404
    assert answer.content_type == "text/html; charset=utf-8"
    assert "Not Found" in answer.text
    assert answer.headers["X-Request-ID"] in answer.text


def test_a_page_as_json_is_problem_details(client):
    is_problem(client.get("/nope", headers={"Accept": "application/json"}), 404)


def test_a_wrong_method_says_which_are_right(client):
    answer = client.put("/auth/token")
    is_problem(answer, 405)
    assert "POST" in answer.headers["Allow"]


def test_input_is_not_echoed_at_length(client, operator):
    answer = client.post("/api/v1/organizations", json={"x" * 5000: 1}, headers=operator)
    problem = is_problem(answer, 422)
    assert all(len(text) <= 200 for error in problem["errors"] for text in error.values())
    many = {f"field{i}": 1 for i in range(1000)}
    assert len(is_problem(client.post("/api/v1/organizations", json=many, headers=operator), 422)["errors"]) == 100


@pytest.fixture
def failing(app):
    """The app with views that raise."""
    failures = {"own": RuntimeError("secret of the house"), "field": FieldFault("no", pointer="/a"), "abort": None}

    def fail(name):
        if name == "abort":
            flask.abort(500, description="secret of the house")
        raise failures[name]

    app._got_first_request = False
    app.add_url_rule("/api/fail/<name>", view_func=fail)
    return app.test_client()


@pytest.mark.parametrize("name", ["own", "abort"])
def test_a_fault_of_ours_tells_nothing_and_is_logged(failing, caplog, name):
    answer = failing.get(f"/api/fail/{name}")
    problem = is_problem(answer, 500)
    assert "secret of the house" not in answer.text
    logged = [r for r in caplog.records if problem["request_id"] in r.getMessage() and r.exc_info]
    assert len(logged) == 1


def test_a_fault_of_a_field_is_named(failing):
    assert is_problem(failing.get("/api/fail/field"), 422)["errors"] == [{"pointer": "/a", "detail": "no"}]


@pytest.mark.parametrize("kind", KINDS)
def test_every_exception_of_the_table_is_answered_as_it_says(kind):
    app = flask.Flask("bare")
    init_app(app)
    timed = {"TooManyAttempts", "TooManyReceipts"}
    own = {**dict.fromkeys(timed, lambda: kind(7)), "CycleFound": lambda: kind("because", ("lot",))}
    error = own.get(kind.__name__, lambda: kind("because"))()

    @app.get("/api/x")
    def fail():
        raise error

    answer = app.test_client().get("/api/x")
    assert answer.status_code == KINDS[kind].status
    assert answer.json["type"].endswith(KINDS[kind].slug)
    assert ("because" in answer.text) == (KINDS[kind].tells and kind.__name__ not in timed)
    if answer.status_code in {429, 503}:
        assert int(answer.headers["Retry-After"]) > 0


def test_a_dead_engine_is_503_and_says_when_to_come_back(settings):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers here
        address = EngineAddress(f"bolt://127.0.0.1:{taken.getsockname()[1]}", "root", "x", "greenchain")
        with Database(address) as database:
            client = create_app(settings, database).test_client()
            client.set_cookie("greenchain-session", "x")
            for path in ("/readyz", "/api/v1/me"):
                answer = client.get(path)
                assert is_problem(answer, 503)["type"].endswith(":engine-unavailable")
                assert int(answer.headers["Retry-After"]) > 0
                assert "127.0.0.1" not in answer.text
            page = client.get("/account", headers={"Accept": "text/html"})
            assert page.status_code == 503
            assert "does not answer" in page.text
            assert client.get("/healthz").json == {"status": "alive"}
            assert client.get("/sign-in").status_code == 200


def test_readiness_asks_the_engine(client):
    assert client.get("/readyz").json == {"status": "ready"}


def test_security_headers_are_on_every_answer(client):
    for path in ("/sign-in", "/api/v1/me", "/nope", "/healthz", "/api/docs", "/static/style.css", "/auth/token"):
        answer = client.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_pages_have_nothing_inline_and_nothing_from_elsewhere(client, makes):
    for path in ("/sign-in", "/api/docs", "/nope", makes.person().sign_in_path):
        text = client.get(path).text
        assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", text)
        assert not re.search(r'(?:src|href|action)="(?!/|#)', text)


@pytest.mark.parametrize("sent", ["abc-1.2_X", "a" * 64])
def test_a_request_id_is_kept(client, sent):
    assert client.get("/healthz", headers={"X-Request-ID": sent}).headers["X-Request-ID"] == sent


@pytest.mark.parametrize("sent", ["", "a" * 65, "a b", "<x>", "é", "a;b"])
def test_a_strange_request_id_is_replaced(client, sent):
    assert re.fullmatch(r"[0-9a-f]{16}", client.get("/healthz", headers={"X-Request-ID": sent}).headers["X-Request-ID"])


def test_long_queries_and_headers_are_refused(client):
    is_problem(client.get("/api/v1/me?x=" + "a" * MAX_QUERY), 414)
    is_problem(client.get("/api/v1/me", headers={"X-Filter": "a" * MAX_HEADERS}), 431)
    is_problem(client.get("/api/v1/me", headers={f"X-Filter-{i}": "a" * 500 for i in range(40)}), 431)


def test_a_request_is_logged_in_one_line_without_secrets(client, makes, bearer, caplog):
    caplog.set_level(logging.INFO)
    system = makes.system()
    header = bearer(system)
    caplog.clear()
    client.get("/api/v1/me?token=hush", headers=header | {"X-Request-ID": "r1", "Cookie": "a=cookiehush"})
    lines = [JsonFormatter().format(r) for r in caplog.records if r.name == "greenchain.requests"]
    assert len(lines) == 1
    entry = json.loads(lines[0])
    assert {entry[name] for name in ("method", "route", "status", "principal", "request_id")} == {
        "GET",
        "/api/v1/me",
        422,  # it takes no such parameter
        system.id,
        "r1",
    }
    assert entry["ms"] >= 0
    assert "hush" not in lines[0]
    assert header["Authorization"][7:] not in lines[0]


def test_a_log_line_is_one_line_whatever_is_in_it():
    record = logging.LogRecord("x", logging.INFO, "f", 1, "a\nb\u2028c", None, None)
    assert len(JsonFormatter().format(record).splitlines()) == 1


# The description of the API


def test_the_description_is_openapi_3_1_with_our_errors(client):
    spec = client.get("/api/openapi.json").json
    assert spec["openapi"] == "3.1.0"
    assert "/api/v1/organizations" in spec["paths"]
    assert "post" in spec["paths"]["/api/v1/organizations"]
    problem = spec["components"]["responses"]["DEFAULT_ERROR"]["content"]
    assert list(problem) == ["application/problem+json"]
    assert spec["components"]["securitySchemes"]["token"]["flows"]["clientCredentials"]["tokenUrl"].endswith(
        "/auth/token"
    )


def test_the_page_of_the_api_serves_its_own_assets(client):
    page = client.get("/api/docs").text
    assert "/api/docs/assets/swagger-ui-bundle.js" in page
    for name in ASSETS:
        answer = client.get(f"/api/docs/assets/{name}")
        assert answer.status_code == 200
        assert len(answer.data) > 100
    for name in ("nope.js", "../__init__.py", "%2e%2e/__init__.py"):
        assert client.get(f"/api/docs/assets/{name}").status_code == 404


def test_the_script_of_the_charts_comes_from_the_package_and_is_kept_for_good(client):
    address = f"/assets/plotly-{version('plotly')}.min.js"
    packed, plain = (client.get(address, headers={"Accept-Encoding": name}) for name in ("gzip, br", "identity"))
    assert gzip.decompress(packed.data) == plain.data
    assert b"plotly.js v" in plain.data[:200]
    assert len(packed.data) < len(plain.data) / 3
    for answer in (packed, plain):
        assert answer.mimetype == "text/javascript"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Vary"] == "Accept-Encoding"
    assert "Content-Encoding" not in plain.headers
    assert client.get("/assets/plotly-0.0.1.min.js").status_code == 404
    # Its package takes longer to import than the service: only the file is of use.
    assert "plotly" not in sys.modules


# gunicorn


@pytest.fixture
def served(engine, database, tmp_path):
    """The port of a real gunicorn with two workers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = os.environ | {
        "GREENCHAIN_DATA": str(tmp_path / "data"),
        "GREENCHAIN_PORT": str(port),
        "NEO4J_URI": engine.uri,
        "NEO4J_USER": engine.user,
        "NEO4J_PASSWORD": engine.password,
        "NEO4J_DATABASE": engine.database,
    }
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        "python:service.gunicorn_conf",
        "service.wsgi:application()",
    ]
    log = (tmp_path / "log").open("wb")
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stderr=log, stdout=log)
    try:
        _await(port, process)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        log.close()


def _await(port, process):
    for _ in range(300):
        assert process.poll() is None
        try:
            if fetch(port, "/readyz")[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("gunicorn did not come up")


def fetch(port, path, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type"), answer.read()
    finally:
        connection.close()


def send(port, head):
    """Send a request head as it is, and read what comes back before the door is shut."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as wire:
        try:
            for start in range(0, len(head), 65536):
                wire.sendall(head[start : start + 65536])
        except OSError:
            pass  # refused before all of it was read
        received = b""
        try:
            while chunk := wire.recv(65536):
                received += chunk
        except ConnectionResetError:
            pass
    return received


def test_gunicorn_refuses_in_the_same_form(served):
    def refused(received, status):
        head, _, body = received.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 %d " % status), received[:200]
        assert b"application/problem+json" in head
        assert json.loads(body)["status"] == status

    refused(send(served, b"GET /api/v1/me?" + b"x" * 8300 + b" HTTP/1.1\r\nHost: x\r\n\r\n"), 414)
    refused(send(served, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Filter: " + b"x" * 8300 + b"\r\n\r\n"), 431)
    many = b"".join(b"X-%d: y\r\n" % i for i in range(100))
    refused(send(served, b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + many + b"\r\n"), 431)
    refused(send(served, b"nonsense\r\n\r\n"), 400)
    for path, status in (("/api/v1/me?" + "x" * 5000, 414), ("/api/v1/me", 401)):
        code, media, body = fetch(served, path)
        assert (code, media) == (status, "application/problem+json")
        assert json.loads(body)["status"] == status
    assert fetch(served, "/api/v1/me", {f"X-{i}": "y" * 4000 for i in range(6)})[0] == 431
    # 10 MB of filters: refused long before they are read, and the service goes on.
    for head in (b"GET /?" + b"f=1&" * 2_500_000, b"GET / HTTP/1.1\r\nHost: x\r\nX-F: " + b"f=1&" * 2_500_000):
        received = send(served, head)
        assert received == b"" or received.split(b" ")[1] in (b"414", b"431")
    assert fetch(served, "/healthz")[0] == 200


def test_errors_of_the_tree_that_no_row_names_are_ours():
    app = flask.Flask("bare")
    init_app(app)

    @app.get("/api/x")
    def fail():
        raise errors.StatementFailed("MATCH (n) ...")

    answer = app.test_client().get("/api/x")
    assert answer.status_code == 500
    assert "MATCH" not in answer.text
