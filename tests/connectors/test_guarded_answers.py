"""What a server that means harm answers cannot hurt, and what is kept of an answer is kept as long as it may be."""

from __future__ import annotations

import gzip
import socket
import threading
import time

import pytest

from connectors.errors import Refused, Unresolvable
from connectors.guarded import KEPT_ENTRIES, MAX_BYTES, Fetched, _Cache
from tests.connectors.conftest import ACCEPT, HOST, url
from tests.kit.outside import reply

# The answer


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(session, site, status):
    site.says("/inner", b"secret")
    site.answers["/doc"] = lambda r: reply(r, status, b"", {"Location": url(site, "/inner")})
    with pytest.raises(Refused, match="redirect"):
        session().fetch(url(site), ACCEPT)
    assert [path for path, _ in site.seen] == ["/doc"]


@pytest.mark.parametrize(
    ("status", "error"), [(204, Refused), (206, Refused), (401, Refused), (404, Refused), (410, Refused),
                          (408, Unresolvable), (429, Unresolvable), (500, Unresolvable), (503, Unresolvable)],
)  # fmt: skip
def test_only_a_plain_answer_counts(session, site, status, error):
    site.answers["/doc"] = lambda r: reply(r, status, b"", {})
    with pytest.raises(error, match=f"{status}"):
        session().fetch(url(site), ACCEPT)


def test_the_largest_answer_is_taken_and_one_byte_more_is_not(session, site):
    site.says("/doc", b"x" * MAX_BYTES)
    site.says("/more", b"x" * (MAX_BYTES + 1))
    assert len(session().fetch(url(site), ACCEPT).content) == MAX_BYTES
    with pytest.raises(Refused, match="more than 65536 bytes"):
        session().fetch(url(site, "/more"), ACCEPT)


def endless(request, head=b"HTTP/1.1 200 OK\r\n\r\n", piece=b"x" * 4096, pause=0.0):
    request.close_connection = True
    request.wfile.write(head)
    for _ in range(100_000):
        request.wfile.write(piece)
        request.wfile.flush()
        if pause:
            time.sleep(pause)


def test_an_endless_answer_ends_at_the_cap(session, site):
    site.answers["/doc"] = endless
    site.answers["/chunks"] = lambda r: endless(
        r, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"x" * 4096 + b"\r\n"
    )
    for path in ("/doc", "/chunks"):
        with pytest.raises(Refused, match="more than"):
            session().fetch(url(site, path), ACCEPT)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Slow: ",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0",
        b"",
    ],
    ids=["body", "body without length", "header", "chunk size", "status line"],
)
def test_a_slow_drip_is_cut_off_when_the_time_is_over(session, site, head):
    """Each byte arrives well within any limit on one read; the limit is on the whole."""
    site.answers["/doc"] = lambda r: endless(r, head, b"1", pause=0.05)
    started = time.monotonic()
    with pytest.raises(Unresolvable, match="takes too long"):
        session(seconds=0.6).fetch(url(site), ACCEPT)
    assert time.monotonic() - started < 2.5


def test_a_handshake_that_never_ends_is_cut_off(session, authority):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        started = time.monotonic()
        with pytest.raises(Unresolvable):
            session(allowed=(f"{HOST}:{port}",), seconds=0.4).fetch(f"https://{HOST}:{port}/doc", ACCEPT)
        assert time.monotonic() - started < 2.5


def test_an_answer_cut_short_is_no_shorter_answer(session, site):
    def short(request):
        request.close_connection = True
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}")

    site.answers["/doc"] = short
    with pytest.raises(Unresolvable):
        session().fetch(url(site), ACCEPT)


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "deflate, gzip"])
def test_compressed_content_is_not_unpacked(session, site, coding):
    """A gzip bomb at the level of HTTP: nobody asked for it."""
    site.says("/doc", gzip.compress(b"0" * 10_000_000), Content_Encoding=coding)
    with pytest.raises(Refused, match="compressed"):
        session().fetch(url(site), ACCEPT)


def test_nothing_of_the_environment_is_used(session, site, monkeypatch, tmp_path):
    site.says("/doc", b"{}", Set_Cookie="a=b")
    (tmp_path / ".netrc").write_text(f"machine {HOST} login me password secret\n")
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    found = session()
    found.fetch(url(site), ACCEPT)
    found.fetch(url(site), "application/did+json")
    for _, headers in site.seen:
        assert {name.lower() for name in headers} == {
            "host", "accept", "accept-encoding", "user-agent", "connection",
        }  # fmt: skip
    assert len(site.seen) == 2


# The cache


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.mark.parametrize(
    ("cache_control", "held"),
    [("", 300), ("max-age=60", 60), ('public, max-age="30"', 30), ("max-age=999999", 3600), ("max-age=-1", 300)],
)
def test_an_answer_is_kept_until_it_expires(session, site, cache_control, held):
    site.says("/doc", b"old", Cache_Control=cache_control)
    clock = Clock()
    found = session(clock=clock)
    assert found.fetch(url(site), ACCEPT).content == b"old"
    site.says("/doc", b"new")
    clock.now = held - 1
    assert found.fetch(url(site), ACCEPT).content == b"old"
    clock.now = held
    assert found.fetch(url(site), ACCEPT).content == b"new"


@pytest.mark.parametrize("cache_control", ["no-store", "private, no-cache", "max-age=0", "No-Store, max-age=60"])
def test_what_must_not_be_kept_is_not(session, site, cache_control):
    site.says("/doc", b"{}", Cache_Control=cache_control)
    found = session()
    for _ in range(2):
        found.fetch(url(site), ACCEPT)
    assert len(site.seen) == 2


def test_what_has_expired_is_gone_even_if_nobody_answers(session, site):
    """Fail closed: an old answer never stands in for a missing new one."""
    site.says("/doc", b"{}")
    clock = Clock()
    found = session(clock=clock)
    found.fetch(url(site), ACCEPT)
    site.answers["/doc"] = lambda r: reply(r, 503, b"", {})
    clock.now = 300
    with pytest.raises(Unresolvable):
        found.fetch(url(site), ACCEPT)


def test_a_failure_is_not_kept(session, site):
    site.answers["/doc"] = lambda r: reply(r, 404, b"", {})
    found = session()
    with pytest.raises(Refused):
        found.fetch(url(site), ACCEPT)
    site.says("/doc", b"{}")
    assert found.fetch(url(site), ACCEPT).content == b"{}"


def test_the_cache_is_bounded(session, site):
    cache = _Cache(lambda: 0.0)
    for number in range(KEPT_ENTRIES + 10):
        cache.put(str(number), ACCEPT, Fetched(b"", ""), 1.0)
    kept = [n for n in range(KEPT_ENTRIES + 10) if cache.get(str(n), ACCEPT)]
    assert kept == list(range(10, KEPT_ENTRIES + 10))


def test_threads_share_a_session(session, site):
    for number in range(8):
        site.says(f"/{number}", str(number).encode())
    found, wrong = session(), []

    def ask(number):
        if found.fetch(url(site, f"/{number}"), ACCEPT).content != str(number).encode():
            wrong.append(number)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert wrong == []
    assert {path for path, _ in site.seen} == {f"/{n}" for n in range(8)}


def test_where_nobody_listens_nobody_answers(session, site):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        with pytest.raises(Unresolvable, match="does not answer"):
            session(allowed=(f"{HOST}:{port}",)).fetch(f"https://{HOST}:{port}/doc", ACCEPT)


def test_an_address_that_swallows_everything_takes_no_longer_than_the_rest(session, site):
    """A full queue of connections: the handshake of TCP itself gets no answer. Nor does the next address get more."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        started = time.monotonic()
        with pytest.raises(Unresolvable, match="takes too long"):
            session("127.0.0.1", "127.0.0.1", allowed=(f"{HOST}:{port}",), seconds=0.4).fetch(
                f"https://{HOST}:{port}/doc", ACCEPT
            )
        for one in waiting:
            one.close()
    assert time.monotonic() - started < 2.5


def test_resolvers_that_hang_hold_a_few_threads_and_no_more(session, site):
    release, hanging = threading.Event(), threading.active_count()

    def hangs(host, port):
        release.wait(20)
        return []

    found = session(resolve=hangs, seconds=0.2)

    def ask():
        with pytest.raises(Unresolvable, match="too long to resolve"):
            found.fetch(url(site), ACCEPT)

    askers = [threading.Thread(target=ask) for _ in range(40)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(10)
    assert threading.active_count() - hanging <= 16
    release.set()
    site.says("/doc", b"{}")
    deadline = time.monotonic() + 5
    while threading.active_count() > hanging and time.monotonic() < deadline:
        time.sleep(0.01)
    assert session().fetch(url(site), ACCEPT).content == b"{}", "the places are free again"
