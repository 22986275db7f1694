"""/api/v1/organizations, /principals and /me: who takes part, and as what."""

from typing import Any

import marshmallow as ma
from flask.views import MethodView

from graph.store.principals import PrincipalKind
from schemas.identifiers import MAX_URI, IdentifierError, check_organization
from service.api.documentation import ApiBlueprint, Form
from service.api.paging import PageQuery, decode_cursor, encode_cursor
from service.auth.accounts import Issued, PrincipalRequest, clean_name
from service.auth.roles import PERMISSIONS, Permission, Role
from service.auth.viewers import allowed, current_viewer
from service.context import services

blueprint = ApiBlueprint(
    "accounts", __name__, url_prefix="/api/v1", description="Organizations and principals: who takes part, and as what."
)


class OrganizationUri(ma.fields.String):
    """The URI of an organization."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        try:
            return check_organization(super()._deserialize(value, attr, data, **kwargs))
        except IdentifierError as error:
            raise ma.ValidationError(str(error)) from error


class Name(ma.fields.String):
    """A name that can be shown: one line, composed characters, nothing invisible in it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        name = clean_name(super()._deserialize(value, attr, data, **kwargs))
        if not 1 <= len(name) <= 120 or not name.isprintable():
            raise ma.ValidationError("A name has 1 to 120 printable characters.")
        return name


class PrincipalForm(Form):
    """A principal to be made."""

    kind = ma.fields.Enum(PrincipalKind, by_value=True, required=True)
    name = Name(required=True)
    roles = ma.fields.List(
        ma.fields.Enum(Role, by_value=True), required=True, validate=ma.validate.Length(min=1, max=len(Role))
    )


class NewPrincipalForm(PrincipalForm):
    """A principal to be made, and where."""

    organization = OrganizationUri(required=True, metadata={"maxLength": MAX_URI})


class OrganizationForm(Form):
    """An organization to be registered with its first principals."""

    organization = OrganizationUri(
        required=True, metadata={"maxLength": MAX_URI, "example": "urn:lei:5493001KJTIIGC8Y1R12"}
    )
    name = Name(required=True)
    principals = ma.fields.List(
        ma.fields.Nested(PrincipalForm), required=True, validate=ma.validate.Length(min=1, max=50)
    )


class IssuedPrincipal(ma.Schema):
    """A principal, and its way in, told this once."""

    id = ma.fields.String(required=True)
    kind = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    organization = ma.fields.String(required=True)
    roles = ma.fields.List(ma.fields.String(), required=True)
    client_id = ma.fields.String(metadata={"description": "Systems: what /auth/token asks for"})
    client_secret = ma.fields.String(metadata={"description": "Systems: shown this once"})
    sign_in_link = ma.fields.String(metadata={"description": "Persons: works once, for 24 hours"})


class RegisteredOrganization(ma.Schema):
    """An organization and the principals made with it."""

    organization = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    principals = ma.fields.List(ma.fields.Nested(IssuedPrincipal), required=True)


class OrganizationEntry(ma.Schema):
    """An organization in the list."""

    organization = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    principals = ma.fields.Integer(required=True, metadata={"description": "Principals that are not disabled"})


class OrganizationPage(ma.Schema):
    """One page of organizations."""

    data = ma.fields.List(ma.fields.Nested(OrganizationEntry), required=True)
    next = ma.fields.String(metadata={"description": "Cursor of the next page; absent on the last"})


class Me(ma.Schema):
    """Who is asking."""

    id = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    organization = ma.fields.String(required=True)
    roles = ma.fields.List(ma.fields.String(), required=True)
    permissions = ma.fields.List(ma.fields.String(), required=True)


class ClientSecret(ma.Schema):
    """A new client secret, told this once."""

    client_id = ma.fields.String(required=True)
    client_secret = ma.fields.String(required=True)


class SignInLink(ma.Schema):
    """A new sign-in link, told this once."""

    sign_in_link = ma.fields.String(required=True)


@blueprint.route("/organizations")
class Organizations(MethodView):
    """Organizations that take part."""

    @allowed(Permission.MANAGE_PRINCIPALS)
    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, OrganizationPage)
    def get(self, page: dict[str, Any]) -> dict[str, Any]:
        """List the organizations that take part (admins of the operator)."""
        viewer = current_viewer()
        after = str(decode_cursor(page["cursor"], str)[0]) if page["cursor"] else ""
        found = services.accounts.organizations(viewer, after, page["limit"] + 1)
        shown = found[: page["limit"]]
        more = {"next": encode_cursor(shown[-1].key)} if len(found) > len(shown) else {}
        return {"data": [{"organization": o.key, "name": o.name, "principals": o.principals} for o in shown], **more}

    @allowed(Permission.MANAGE_PRINCIPALS)
    @blueprint.arguments(OrganizationForm)
    @blueprint.response(201, RegisteredOrganization)
    def post(self, form: dict[str, Any]) -> dict[str, Any]:
        """Register an organization with its first principals (admins of the operator)."""
        viewer = current_viewer()
        requests = [_request(principal) for principal in form["principals"]]
        issued = services.accounts.register_organization(viewer, form["organization"], form["name"], requests)
        return {"organization": form["organization"], "name": form["name"], "principals": [_issued(i) for i in issued]}


@blueprint.route("/principals")
class Principals(MethodView):
    """Principals of organizations."""

    @allowed(Permission.MANAGE_PRINCIPALS)
    @blueprint.arguments(NewPrincipalForm)
    @blueprint.response(201, IssuedPrincipal)
    def post(self, form: dict[str, Any]) -> dict[str, Any]:
        """Make one more principal of an organization (its admins, and those of the operator)."""
        viewer = current_viewer()
        return _issued(services.accounts.add_principal(viewer, form["organization"], _request(form)))


@blueprint.route("/principals/<string:principal>")
class OnePrincipal(MethodView):
    """One principal."""

    @allowed(Permission.MANAGE_PRINCIPALS)
    @blueprint.response(204)
    def delete(self, principal: str) -> None:
        """Disable a principal: its sessions end at once, its tokens within seconds."""
        services.accounts.disable(current_viewer(), principal)
        services.principals.forget(principal)


@blueprint.route("/principals/<string:principal>/secret")
class PrincipalSecret(MethodView):
    """The client secret of a system."""

    @allowed(Permission.MANAGE_PRINCIPALS)
    @blueprint.response(200, ClientSecret)
    def post(self, principal: str) -> dict[str, str]:
        """Replace the client secret of a system; the old one and its tokens end."""
        secret = services.accounts.rotate_secret(current_viewer(), principal)
        services.principals.forget(principal)
        return {"client_id": principal, "client_secret": secret}


@blueprint.route("/principals/<string:principal>/sign-in-link")
class PrincipalLink(MethodView):
    """The sign-in link of a person."""

    @allowed(Permission.MANAGE_PRINCIPALS)
    @blueprint.response(201, SignInLink)
    def post(self, principal: str) -> dict[str, str]:
        """Make a new sign-in link for a person; an older one ends."""
        path = services.accounts.issue_link(current_viewer(), principal)
        return {"sign_in_link": services.settings.url + path}


@blueprint.route("/me")
class MyAccount(MethodView):
    """Who is asking."""

    @blueprint.response(200, Me)
    def get(self) -> dict[str, Any]:
        """Tell who is asking, and what that principal may do."""
        viewer = current_viewer()
        permissions = sorted({p.value for role in viewer.roles for p in PERMISSIONS[role]})
        return {
            "id": viewer.principal,
            "name": viewer.name,
            "organization": viewer.organization,
            "roles": sorted(viewer.roles),
            "permissions": permissions,
        }


def _request(form: dict[str, Any]) -> PrincipalRequest:
    return PrincipalRequest(form["kind"], form["name"], frozenset(form["roles"]))


def _issued(issued: Issued) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": issued.id,
        "kind": issued.kind.value,
        "name": issued.name,
        "organization": issued.organization,
        "roles": sorted(issued.roles),
    }
    if issued.client_secret:
        return told | {"client_id": issued.id, "client_secret": issued.client_secret}
    return told | {"sign_in_link": services.settings.url + issued.sign_in_path}
