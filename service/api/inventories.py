"""/api/v1/facilities: inventories, held against what was accounted for."""

from typing import Any

from flask.views import MethodView

from schemas.inventories import InventoriesView
from service.api.chain import AskQuery, ask
from service.api.documentation import ApiBlueprint
from service.auth.roles import Permission
from service.auth.viewers import allowed
from service.context import services

blueprint = ApiBlueprint(
    "facilities",
    __name__,
    url_prefix="/api/v1",
    description="Facilities: greenhouse gas inventories beside the footprints of what was made.",
)


@blueprint.route("/facilities/<string:facility>/inventory")
class FacilityInventory(MethodView):
    """Inventories of a facility."""

    @allowed(Permission.READ_CHAIN)
    @blueprint.arguments(AskQuery, location="query")
    @blueprint.response(200, InventoriesView)
    def get(self, query: dict[str, Any], facility: str) -> dict[str, Any]:
        """What was emitted at a facility of yours, or of who opened all facts to you, and what was accounted for."""
        return services.inventories.of_facility(ask(query), facility)
