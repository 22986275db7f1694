"""OpenAPI as flask-smorest writes it, with our errors, and the parser that reads JSON bodies strictly."""

import json
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar, cast

import flask
import marshmallow as ma
from flask_smorest import Api as SmorestApi  # type: ignore[import-untyped]
from flask_smorest import Blueprint as SmorestBlueprint
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import UnsupportedMediaType

from schemas.kinds import FACT_SCHEMAS
from schemas.published import describe_field, fact_name
from schemas.statement import StatementSchema
from service.auth.sessions import cookie_name
from service.auth.viewers import current_viewer
from service.config import Settings
from service.problems import CONTENT_TYPE, FieldFault, Problem

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
Schema = type[ma.Schema] | ma.Schema | dict[str, Any] | None
# Under this name an endpoint's function carries the names of its query parameters.
_QUERY = "greenchain_query"


class Api(SmorestApi):  # type: ignore[misc]
    """flask-smorest's Api with our own error form."""

    ERROR_SCHEMA = Problem

    def _register_error_handlers(self) -> None:
        """`service.problems` answers errors."""

    def _register_responses(self) -> None:
        """Describe errors as what they are sent as."""
        self.DEFAULT_RESPONSE_CONTENT_TYPE = CONTENT_TYPE
        super()._register_responses()
        del self.DEFAULT_RESPONSE_CONTENT_TYPE


class StrictParser(FlaskParser):
    """Refuses bodies of another media type, and JSON whose meaning depends on who reads it."""

    def _raw_load_json(self, req: flask.Request) -> Any:
        if req.mimetype != "application/json" and not req.mimetype.endswith("+json"):
            raise UnsupportedMediaType("The body is expected as application/json.")
        try:
            return json.loads(req.get_data().decode(), object_pairs_hook=_once, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            reason = str(error) if isinstance(error, _Refused) else "the body is not JSON"
            raise FieldFault(reason, pointer="", status=400) from error


class ApiBlueprint(SmorestBlueprint):  # type: ignore[misc]
    """The blueprint of every part of the API: who asks is settled before anything that was sent is looked at.

    A ``public`` one asks nobody who they are.
    """

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, *args: Any, public: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not public:
            self.before_request(_signed_in)
            self.before_request(_only_known_parameters)

    def route(self, rule: str, **options: Any) -> Callable[[Endpoint], Endpoint]:
        """flask-smorest's, with a type."""
        return cast(Callable[[Endpoint], Endpoint], super().route(rule, **options))

    def arguments(self, schema: type[ma.Schema] | ma.Schema, **options: Any) -> Callable[[Endpoint], Endpoint]:
        """flask-smorest's, with a type; remembers what an endpoint takes in its query."""
        decorated = cast(Callable[[Endpoint], Endpoint], super().arguments(schema, **options))
        fields = (schema() if isinstance(schema, type) else schema).fields

        def decorate(endpoint: Endpoint) -> Endpoint:
            found = decorated(endpoint)
            if options.get("location") == "query":
                vars(found)[_QUERY] = frozenset(fields)  # functools.wraps of what is around it keeps this
            return found

        return decorate

    def response(self, status: int, schema: Schema = None, **options: Any) -> Callable[[Endpoint], Endpoint]:
        """flask-smorest's, with a type."""
        return cast(Callable[[Endpoint], Endpoint], super().response(status, schema, **options))

    def alt_response(self, status: int, *, schema: Schema = None, **options: Any) -> Callable[[Endpoint], Endpoint]:
        """flask-smorest's, with a type."""
        return cast(Callable[[Endpoint], Endpoint], super().alt_response(status, schema=schema, **options))

    def doc(self, **operation: Any) -> Callable[[Endpoint], Endpoint]:
        """flask-smorest's, with a type."""
        return cast(Callable[[Endpoint], Endpoint], super().doc(**operation))


class Form(ma.Schema):
    """A schema that refuses what it does not know."""

    class Meta:
        """Settings of marshmallow."""

        unknown = ma.RAISE


def _signed_in() -> None:
    current_viewer()


def _only_known_parameters() -> None:
    """Refuse what would be ignored: webargs takes no notice of unknown parameters, and of the first of equal names.

    A misspelt ``as_of`` would get the figure of today for an answer. Raises ``FieldFault``.
    """
    view = getattr(flask.current_app.view_functions[flask.request.endpoint or ""], "view_class", None)
    method = "get" if flask.request.method == "HEAD" else flask.request.method.lower()
    known: frozenset[str] = getattr(getattr(view, method, None), _QUERY, frozenset())
    for name, values in flask.request.args.lists():
        if name not in known:
            takes = f"takes {', '.join(sorted(known))}" if known else "takes none"
            raise FieldFault(f"there is no such parameter here, which {takes}", parameter=name)
        if len(values) > 1:
            raise FieldFault("is given more than once", parameter=name)


class _Refused(ValueError):
    """JSON that is well-formed and refused all the same."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused("a name stands twice in one object")
    return found


def _no_constant(text: str) -> NoReturn:
    raise _Refused(f"{text} is not a JSON number")


def publish_statement(api: Api) -> None:
    """Put the statement schema and its kinds of facts among the components of the description."""
    api.ma_plugin.converter.add_attribute_function(describe_field)
    for kind, schema in FACT_SCHEMAS.items():
        api.spec.components.schema(fact_name(kind), schema=type(schema))
    api.spec.components.schema("Statement", schema=StatementSchema)


def openapi_settings(settings: Settings) -> dict[str, Any]:
    """The description of this API: flask-smorest's part of the app's configuration."""
    schemes = {
        "token": {
            "type": "oauth2",
            "flows": {"clientCredentials": {"tokenUrl": f"{settings.url}/auth/token", "scopes": {}}},
        },
        "session": {"type": "apiKey", "in": "cookie", "name": cookie_name("session", settings)},
    }
    return {
        "API_TITLE": "Greenchain",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": "/api",
        "OPENAPI_JSON_PATH": "openapi.json",
        "API_SPEC_OPTIONS": {
            "info": {"description": "What is in a lot, what was emitted to make it, who says so."},
            "servers": [{"url": settings.url}],
            "components": {"securitySchemes": schemes},
            "security": [{"token": []}, {"session": []}],
        },
    }
