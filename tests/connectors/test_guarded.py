"""What is fetched from an address in a document cannot hurt: on real TLS, with a server that means harm."""

from __future__ import annotations

import gzip
import ipaddress
import socket
import ssl
import threading
import time

import pytest

from connectors.addresses import is_global, system_resolve, target
from connectors.errors import Refused, Unresolvable
from connectors.guarded import KEPT_ENTRIES, MAX_BYTES, Fetched, GuardedSession, _Cache
from tests.connectors.conftest import HOST
from tests.kit.outside import Authority, reply, serving

ACCEPT = "application/json"


def url(site, path="/doc"):
    return f"https://{HOST}:{site.port}{path}"


def test_what_is_asked_for_arrives(session, site):
    site.says("/doc", b'{"a": 1}', "Application/JSON; charset=utf-8")
    found = session().fetch(url(site), ACCEPT)
    assert found.content == b'{"a": 1}'
    assert found.media_type == "application/json"
    _, headers = site.seen[0]
    assert headers["Host"] == f"{HOST}:{site.port}"
    assert headers["Accept-Encoding"] == "identity"


def test_what_is_sent_arrives_whole_and_a_refusal_is_an_answer(session, site):
    def answer(request):
        status = 409 if request.sent == b"old 1\n" else 200
        reply(request, status, b"2\n" + request.sent, {"Content-Type": "text/x.tlog.size"})

    site.answers["/doc"] = answer
    sender = session()
    for body, status in ((b"old 1\n", 409), (b"old 2\n" * 2000, 200), (b"", 200)):
        for _ in range(2):  # and never from the cache
            found = sender.send(url(site), body, "text/plain")
            assert (found.status, found.content, found.media_type) == (status, b"2\n" + body, "text/x.tlog.size")
    assert len(site.seen) == 6
    assert site.seen[0][1]["Content-Type"] == "text/plain"


@pytest.mark.parametrize(
    ("status", "error"), [(307, Refused), (204, Refused), (500, Unresolvable), (429, Unresolvable)]
)
def test_what_is_no_answer_to_what_was_sent(session, site, status, error):
    site.answers["/doc"] = lambda request: reply(request, status, b"", {"Location": "/elsewhere"})
    with pytest.raises(error):
        session().send(url(site), b"content", "text/plain")
    assert [path for path, _ in site.seen] == ["/doc"]


def test_what_is_sent_goes_to_public_addresses_only(session, site):
    with pytest.raises(Refused, match="not on the public internet"):
        session(allowed=()).send(url(site), b"content", "text/plain")
    assert site.seen == []


# The address itself


@pytest.mark.parametrize(
    "address",
    [
        "http://issuer.example/doc",
        "ftp://issuer.example/doc",
        "file:///etc/passwd",
        "https:///doc",
        "https://user@issuer.example/doc",
        "https://issuer.example@inner.example/doc",
        "https://issuer.example\\@inner.example/doc",
        "https://issuer.example/doc#part",
        "https://issuer.example/a b",
        "https://issuer.example/a\r\nHost: inner.example",
        "https://[::1]/doc",
        "https://ISSUER.example/doc",
        "https://issuer.example./doc",
        "https://\u0456ssuer.example/doc",
        "https://issuer.example:0/doc",
        "https://issuer.example:65536/doc",
        "https://issuer.example:443:80/doc",
        "https://-issuer.example/doc",
        "https://" + "a" * 64 + ".example/doc",
        "https://issuer.example/" + "a" * 2000,
        " https://issuer.example/doc",
        "https://issuer.example/doc\n",
        "",
    ],
)
def test_only_plain_https_addresses_are_fetched(address):
    asked = []
    with pytest.raises(Refused):
        GuardedSession(resolve=lambda host, port: asked.append(host) or ["192.0.2.1"]).fetch(address, ACCEPT)
    assert asked == []


INNER = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%lo",
    "fc00::1",
    "fd12:3456::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::1",
    "2002:808:808::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
]


@pytest.mark.parametrize("address", INNER)
def test_a_name_that_leads_inside_is_refused(session, site, address):
    """signatures.md: did:web refuses non-global addresses."""
    with pytest.raises(Refused, match="not on the public internet"):
        session(address, allowed=()).fetch(url(site), ACCEPT)
    assert site.seen == []


def test_one_inner_address_among_public_ones_refuses_all(session, site):
    for answers in (("8.8.8.8", "127.0.0.1"), ("127.0.0.1", "8.8.8.8"), ("2001:4860:4860::8888", "::1")):
        with pytest.raises(Refused):
            session(*answers, allowed=()).fetch(url(site), ACCEPT)


@pytest.mark.parametrize("address", ["8.8.8.8", "::ffff:8.8.8.8", "64:ff9b::808:808", "2001:4860:4860::8888"])
def test_public_addresses_are_public(address):
    assert is_global(ipaddress.ip_address(address))


def test_an_allowed_host_is_allowed_on_its_port_only(session, site):
    site.says("/doc", b"{}")
    for allowed in ((HOST,), (f"{HOST}:1",), (f"other.example:{site.port}",), (f"{HOST}:{site.port}0",)):
        with pytest.raises(Refused):
            session(allowed=allowed).fetch(url(site), ACCEPT)
    assert session(allowed=(f"{HOST}:{site.port}",)).fetch(url(site), ACCEPT).content == b"{}"
    assert target(f"https://{HOST}/doc").names == {HOST, f"{HOST}:443"}


def test_dns_rebinding_is_of_no_use(session, site, authority):
    """signatures.md: the name is asked for once, and the connection goes to what was answered then."""
    site.says("/doc", b"the first")
    asked = []

    def turning(host, port):
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    with serving(authority.certificate(HOST), "127.0.0.2", site.port) as second:
        second.says("/doc", b"the second")
        assert session(resolve=turning).fetch(url(site), ACCEPT).content == b"the first"
        assert second.seen == []
    assert asked == [HOST]


def test_an_address_that_is_down_is_followed_by_the_next(session, site):
    site.says("/doc", b"{}")
    assert session("127.0.0.9", "127.0.0.1").fetch(url(site), ACCEPT).content == b"{}"


@pytest.mark.parametrize("answers", [[], ["no address"]])
def test_a_name_without_addresses_may_have_some_later(session, site, answers):
    with pytest.raises(Unresolvable, match="does not resolve"):
        session(resolve=lambda host, port: answers).fetch(url(site), ACCEPT)


def test_a_resolver_that_fails_or_hangs_is_waited_for_no_longer_than_the_rest(session, site):
    def fails(host, port):
        raise OSError("SERVFAIL")

    with pytest.raises(Unresolvable, match="does not resolve"):
        session(resolve=fails).fetch(url(site), ACCEPT)
    release = threading.Event()
    started = time.monotonic()
    with pytest.raises(Unresolvable, match="takes too long to resolve"):
        session(resolve=lambda host, port: release.wait(20) and [], seconds=0.3).fetch(url(site), ACCEPT)
    release.set()
    assert time.monotonic() - started < 2


def test_the_systems_resolver_finds_this_machine():
    assert set(system_resolve("localhost", 443)) <= {"127.0.0.1", "::1"}
    with pytest.raises(Refused):
        GuardedSession().fetch("https://localhost/doc", ACCEPT)


# The certificate


def test_a_certificate_of_another_name_is_not_trusted(session, authority):
    with serving(authority.certificate("other.example")) as site:
        site.says("/doc", b"{}")
        with pytest.raises(Unresolvable, match="no certificate"):
            session(allowed=(f"{HOST}:{site.port}",)).fetch(url(site), ACCEPT)
        assert site.seen == []


def test_a_certificate_of_another_authority_is_not_trusted(session, authority, tmp_path):
    stranger = Authority(tmp_path, "Test root")
    with serving(stranger.certificate(HOST)) as site:
        with pytest.raises(Unresolvable, match="no certificate"):
            session(allowed=(f"{HOST}:{site.port}",)).fetch(url(site), ACCEPT)
        with pytest.raises(Unresolvable, match="no certificate"):
            GuardedSession(frozenset({f"{HOST}:{site.port}"}), resolve=lambda h, p: ["127.0.0.1"]).fetch(
                url(site), ACCEPT
            )
        assert site.seen == []


def test_an_expired_certificate_is_not_trusted(session, authority):
    with (
        serving(authority.certificate(HOST, days=-1)) as site,
        pytest.raises(Unresolvable, match="no certificate"),
    ):
        session(allowed=(f"{HOST}:{site.port}",)).fetch(url(site), ACCEPT)


def test_the_name_goes_out_with_the_handshake(authority, site):
    """Server Name Indication (RFC 6066 3): a host of many sites shows the right certificate."""
    named = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.certificate(HOST))
    context.sni_callback = lambda sock, name, ctx: named.append(name)
    with serving(authority.certificate(HOST), context=context) as found:
        found.says("/doc", b"{}")
        GuardedSession(
            frozenset({f"{HOST}:{found.port}"}), str(authority.file), resolve=lambda h, p: ["127.0.0.1"]
        ).fetch(url(found), ACCEPT)
    assert named == [HOST]


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
