"""The forms that a document is taken in: one more form is one more row."""

from collections.abc import Mapping
from typing import Final

from graph.model.documents import Format
from service.trust.envelopes.base import Envelope
from service.trust.envelopes.data_integrity import DataIntegrity
from service.trust.envelopes.jws import CompactJws
from service.trust.envelopes.lists import open_list
from service.trust.envelopes.plain import PlainJson
from service.trust.envelopes.sd_jwt import SdJwt
from service.trust.envelopes.vc_jwt import VcJwt

ENVELOPES: Final[Mapping[Format, Envelope]] = {
    Format.JSON: PlainJson(),
    Format.JWS: CompactJws(),
    Format.VC_JWT: VcJwt(open_list),
    Format.DATA_INTEGRITY: DataIntegrity(open_list),
    Format.SD_JWT: SdJwt(),
}
