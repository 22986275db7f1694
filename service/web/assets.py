"""plotly.js, which draws the charts: its one file, out of the installed wheel, at an address that names its version.

The Python package is found and never imported: it takes longer to load than the whole service, and only its script is
needed. A file of 5 MB is compressed once a process, and kept by browsers for good, since another version has another
address.
"""

import gzip
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import flask
from flask.sansio.app import App
from werkzeug.wrappers import Response

_PACKAGE, _FILE = "plotly", "package_data/plotly.min.js"
_FOR_GOOD = "public, max-age=31536000, immutable"
# Level 6 takes a third of the time of level 9, for one percent more bytes.
_LEVEL = 6

blueprint = flask.Blueprint("assets", __name__)


def init_app(app: App) -> None:
    """Let templates name the script's address."""
    app.jinja_env.globals["plotly_version"] = plotly_version


blueprint.record_once(lambda state: init_app(state.app))


@cache
def plotly_version() -> str:
    """The version of the package, which its address carries."""
    return version(_PACKAGE)


@blueprint.get("/assets/plotly-<release>.min.js")
def plotly_script(release: str) -> Response:
    """The script; 404 for a version that is not installed."""
    if release != plotly_version():
        flask.abort(404)
    packed = flask.request.accept_encodings.quality("gzip") > 0
    response = flask.make_response(_packed() if packed else _script().read_bytes())
    response.mimetype = "text/javascript"
    response.headers["Cache-Control"] = _FOR_GOOD
    response.headers["Vary"] = "Accept-Encoding"
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    return response


@cache
def _packed() -> bytes:
    return gzip.compress(_script().read_bytes(), _LEVEL, mtime=0)


def _script() -> Path:
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"the package {_PACKAGE} is not installed: make setup")
    return Path(spec.submodule_search_locations[0]) / _FILE
