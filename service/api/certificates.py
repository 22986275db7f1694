"""/api/v1/certificates, and those behind a lot or product."""

from typing import Any

import marshmallow as ma
from flask.views import MethodView

from schemas.figures import CertificatesView
from service.api.chain import AskQuery, ask
from service.api.documentation import ApiBlueprint
from service.api.paging import PageQuery, decode_cursor, encode_cursor
from service.auth.roles import Permission
from service.auth.viewers import allowed
from service.context import services

blueprint = ApiBlueprint(
    "certificates",
    __name__,
    url_prefix="/api/v1",
    description="Certificates of organizations and facilities.",
)


class CertificatesQuery(PageQuery, AskQuery):
    """Which certificates."""

    holder = ma.fields.String(
        load_default="", validate=ma.validate.Length(max=500), metadata={"description": "URI of an organization"}
    )


@blueprint.route("/certificates")
class Certificates(MethodView):
    """Certificates that the viewer holds, issued or was granted the sight of."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(CertificatesQuery, location="query")
    @blueprint.response(200, CertificatesView)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List certificates: those that you hold or issued, and those of who has opened its facts to you."""
        after = int(decode_cursor(query["cursor"], int)[0]) if query["cursor"] else -1
        found, last = services.certificates.visible(ask(query), query["holder"], after, query["limit"])
        return found | ({"next": encode_cursor(last)} if last else {})


@blueprint.route("/lots/<string:lot>/certificates")
class LotCertificates(MethodView):
    """Certificates behind a lot."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(AskQuery, location="query")
    @blueprint.response(200, CertificatesView)
    def get(self, query: dict[str, Any], lot: str) -> dict[str, Any]:
        """The certificates of a lot's issuer; those of the sites that it comes from where you may see its facts."""
        return services.certificates.of_lot(ask(query), lot)


@blueprint.route("/products/<string:product>/certificates")
class ProductCertificates(MethodView):
    """Certificates behind a product."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(AskQuery, location="query")
    @blueprint.response(200, CertificatesView)
    def get(self, query: dict[str, Any], product: str) -> dict[str, Any]:
        """The certificates of a product's issuer and of the sites that make it."""
        return services.certificates.of_product(ask(query), product)
