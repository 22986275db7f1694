"""Log lines: one a request, as JSON or text, to standard error. What could be a secret never gets near them."""

import json
import logging
import sys
import time
from typing import Any

import flask
from werkzeug.wrappers import Response

_FIELDS = ("method", "route", "status", "ms", "principal", "request_id")
requests_log = logging.getLogger("greenchain.requests")


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, logger, message, the fields of a request, and a traceback if there is one."""
        entry: dict[str, Any] = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        entry |= {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=True)


class TextFormatter(logging.Formatter):
    """One readable line."""

    def format(self, record: logging.LogRecord) -> str:
        """As `logging` does, with the fields of a request behind."""
        fields = [f"{name}={getattr(record, name)}" for name in _FIELDS if hasattr(record, name)]
        return " ".join((super().format(record), *fields))


def configure(style: str) -> None:
    """Send everything to standard error in one style; a second call replaces the first."""
    handler = logging.StreamHandler(sys.stderr)
    text = TextFormatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    handler.setFormatter(JsonFormatter() if style == "json" else text)
    handler.set_name("greenchain")
    root = logging.getLogger()
    root.handlers = [h for h in root.handlers if h.get_name() != "greenchain"] + [handler]
    root.setLevel(logging.INFO)


def log_request(response: Response) -> None:
    """Write the line of the current request. The route, not the path: a path can hold a sign-in token."""
    request, viewer = flask.request, flask.g.get("viewer")
    requests_log.info(
        "request",
        extra={
            "method": request.method[:16],
            "route": request.url_rule.rule if request.url_rule else "-",
            "status": response.status_code,
            "ms": round((time.perf_counter() - flask.g.started) * 1000, 1),
            "principal": viewer.principal if viewer else "-",
            "request_id": flask.g.request_id,
        },
    )
