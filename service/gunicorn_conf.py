"""gunicorn: where it listens, what it refuses before the app sees it, and errors in the form of all others.

Used as `gunicorn --config python:service.gunicorn_conf "service.wsgi:application()"`.
"""

import gc
import json
import secrets
from http import HTTPStatus
from typing import Any

from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from service import logs
from service.config import Settings

_settings = Settings.from_environment()


class ProblemWorker(ThreadWorker):  # type: ignore[misc]
    """Threads, and problem details where gunicorn would answer with a page of its own."""

    def init_process(self) -> None:
        """Log as configured."""
        logs.configure(_settings.log)
        super().init_process()

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer a request that cannot be read; anything else is gunicorn's to handle."""
        if not isinstance(exc, ParseException):
            super().handle_error(req, client, addr, exc)
            return
        request_id = secrets.token_hex(8)
        status = _status(exc)
        # What was sent is not logged: a line that cannot be read may hold anything.
        self.log.warning("refused an unreadable request: %s, request %s", type(exc).__name__, request_id)
        try:
            client.sendall(_answer(status, request_id))
        except OSError:
            self.log.debug("the client has gone")


def post_worker_init(worker: Any) -> None:
    """Look for cycles less often: a batch makes many objects and no cycles, and looking took a third of its time.

    And ask the witnesses for cosignatures, which one of the workers does.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    worker.wsgi.extensions["greenchain"].cosigning.start()


def _status(error: BaseException) -> HTTPStatus:
    if isinstance(error, LimitRequestLine):
        return HTTPStatus.REQUEST_URI_TOO_LONG
    if isinstance(error, LimitRequestHeaders):
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    return HTTPStatus.BAD_REQUEST


def _answer(status: HTTPStatus, request_id: str) -> bytes:
    slug = status.phrase.lower().replace(" ", "-")
    problem = {
        "type": f"urn:greenchain:problem:{slug}",
        "title": status.phrase,
        "status": status.value,
        "request_id": request_id,
    }
    body = json.dumps(problem)
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}",
        "Connection: close",
        "Content-Type: application/problem+json",
        f"X-Request-ID: {request_id}",
        f"Content-Length: {len(body)}",
    )
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()


bind = f"[{_settings.host}]:{_settings.port}" if ":" in _settings.host else f"{_settings.host}:{_settings.port}"
workers = _settings.workers
worker_class = ProblemWorker
threads = 16  # a request waits for the graph more than it computes
limit_request_line = 8190
limit_request_fields = 64
limit_request_field_size = 8190
timeout = 60
graceful_timeout = 20
keepalive = 5
errorlog = "-"
accesslog = None
proc_name = "greenchain"
# Read here, X-Forwarded-Proto would be believed from any local process; ProxyFix reads it where a proxy is configured.
forwarded_allow_ips = ""
control_socket_disable = True
