"""A web server of somebody else: real TLS on loopback, with certificates made for the occasion."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Handler = Callable[[BaseHTTPRequestHandler], None]


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Authority:
    """A certificate authority in a folder; ``file`` is its certificate."""

    def __init__(self, folder: Path, name: str = "Test root") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._subject = _name(name)
        self._certificate = self._sign(_name(name), self._key.public_key(), days=30, extensions=[_CA], usage=_CA_USAGE)
        self.file = folder / "root.pem"
        self.file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def certificate(self, host: str, days: int = 30) -> Path:
        """A file with a key and a certificate for a host; expired where ``days`` is negative."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        made = self._sign(_name("leaf"), key.public_key(), days=days, extensions=[_LEAF, names], usage=None)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = self._folder / f"{host}-{days}.pem"
        path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
        return path

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        *,
        days: int,
        extensions: list[x509.ExtensionType],
        usage: x509.KeyUsage | None,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=60))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        for extension in extensions:
            made = made.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        if usage is not None:
            made = made.add_extension(usage, critical=True)
        return made.sign(self._key, hashes.SHA256())


_CA, _LEAF = x509.BasicConstraints(ca=True, path_length=None), x509.BasicConstraints(ca=False, path_length=None)
_CA_USAGE = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


@dataclass
class Site:
    """A running server: what it answers by path, and the requests it saw (path and headers)."""

    port: int
    answers: dict[str, Handler] = field(default_factory=dict)
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    ca_file: Path = Path()

    @property
    def settings(self) -> dict[str, str]:
        """Settings of a service whose operator allows this server, and trusts its certificates."""
        return {"GREENCHAIN_ALLOWED_HOSTS": f"localhost:{self.port}", "GREENCHAIN_CA_FILE": str(self.ca_file)}

    def says(self, path: str, content: bytes, media_type: str = "application/json", **headers: str) -> None:
        """Answer a path with 200 and these bytes."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            reply(request, 200, content, {"Content-Type": media_type, **headers})

        self.answers[path] = answer


def reply(request: BaseHTTPRequestHandler, status: int, content: bytes, headers: dict[str, str]) -> None:
    """An ordinary answer; names of headers with ``_`` for ``-``."""
    request.send_response(status)
    for name, value in ({"Content-Length": str(len(content))} | headers).items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(content)


@contextmanager
def serving(
    certificate: Path, address: str = "127.0.0.1", port: int = 0, context: ssl.SSLContext | None = None
) -> Iterator[Site]:
    """A server with a certificate on a port of a loopback address, by default a free one."""
    site = Site(0)

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.seen.append((self.path, dict(self.headers)))
            try:
                site.answers.get(self.path, _missing)(self)
            except OSError:
                self.close_connection = True  # the client has hung up, as it should on some

        def do_POST(self) -> None:
            self.sent = self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *args: object) -> None:
            """Nothing on the test's output."""

    context = context or ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = ThreadingHTTPServer((address, port), Answering)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def _missing(request: BaseHTTPRequestHandler) -> None:
    reply(request, 404, b"", {})
