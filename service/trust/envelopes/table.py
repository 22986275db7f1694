"""The forms that a document is taken in: one more form is one more row."""

from collections.abc import Mapping
from typing import Final

from graph.model.documents import Format
from service.trust.envelopes.base import Envelope
from service.trust.envelopes.jws import CompactJws
from service.trust.envelopes.plain import PlainJson

ENVELOPES: Final[Mapping[Format, Envelope]] = {
    Format.JSON: PlainJson(),
    Format.JWS: CompactJws(),
}
