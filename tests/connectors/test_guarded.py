"""What is fetched from an address in a document cannot hurt: on real TLS, with a server that means harm."""

from __future__ import annotations

import ipaddress
import ssl
import threading
import time

import pytest

from connectors.addresses import is_global, system_resolve, target
from connectors.errors import Refused, Unresolvable
from connectors.guarded import GuardedSession
from tests.connectors.conftest import ACCEPT, HOST, url
from tests.kit.outside import Authority, reply, serving


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
