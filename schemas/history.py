"""What changed, and what was published, as this API writes it. An unknown is null, never 0."""

import marshmallow as ma

from schemas.figures import NameView


def _total() -> ma.fields.Float:
    return ma.fields.Float(required=True, allow_none=True, metadata={"description": "kgCO2e per unit; null: unknown"})


class EndView(ma.Schema):
    """A figure as of one ledger index."""

    as_of = ma.fields.Integer(required=True)
    total = _total()
    basis = ma.fields.String(required=True)
    lower_bound = ma.fields.Boolean(required=True)


class BehindView(ma.Schema):
    """A document that moved a figure."""

    id = ma.fields.String(required=True)
    issuer = ma.fields.String(required=True)
    ledger_index = ma.fields.Integer(required=True)
    received_at = ma.fields.String(required=True)


class StepView(ma.Schema):
    """What one document, or several in a row, moved."""

    documents = ma.fields.List(ma.fields.Nested(BehindView), required=True)
    undisclosed = ma.fields.Integer(required=True)
    total = _total()
    change = _total()
    basis = ma.fields.String(required=True)
    lower_bound = ma.fields.Boolean(required=True)


class MovedView(ma.Schema):
    """The way of a figure from one ledger index to another; the steps sum to the change."""

    from_ = ma.fields.Nested(EndView, required=True, data_key="from", attribute="from")
    to = ma.fields.Nested(EndView, required=True)
    change = _total()
    steps = ma.fields.List(ma.fields.Nested(StepView), required=True)


class ChangesView(MovedView):
    """What changed in a lot's footprint, and which documents changed it."""

    subject = ma.fields.Nested(NameView, required=True)
    unit = ma.fields.String(required=True)


class PublicationSubjectView(ma.Schema):
    """A lot, or a product in a period [start, end), seconds since the epoch."""

    kind = ma.fields.String(required=True)
    key = ma.fields.String(required=True)
    start = ma.fields.Float(required=True, allow_none=True)
    end = ma.fields.Float(required=True, allow_none=True)


class EditionView(ma.Schema):
    """One edition, as the ledger holds it for good."""

    edition = ma.fields.Integer(required=True)
    as_of = ma.fields.Integer(required=True)
    made_at = ma.fields.String(required=True)
    record = ma.fields.String(required=True, metadata={"description": "Id of the document that is this edition"})
    ledger_index = ma.fields.Integer(required=True)
    receipt = ma.fields.Integer(required=True, metadata={"description": "Ledger index of its receipt's commitment"})
    policy = ma.fields.String(required=True)
    unit = ma.fields.String(required=True)
    basis = ma.fields.String(required=True)
    lower_bound = ma.fields.Boolean(required=True)
    numbers = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Float(allow_none=True), required=True)
    moved = ma.fields.Nested(MovedView, required=True, allow_none=True)


class PublicationView(ma.Schema):
    """A published figure."""

    id = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    subject = ma.fields.Nested(PublicationSubjectView, required=True)
    edition = ma.fields.Integer(required=True, metadata={"description": "The last one"})
    total = _total()
    unit = ma.fields.String(required=True)
    lower_bound = ma.fields.Boolean(required=True)
    as_of = ma.fields.Integer(required=True)
    made_at = ma.fields.String(required=True)


class OnePublicationView(PublicationView):
    """A published figure with all its editions; ``current``: it still is what the last one says."""

    current = ma.fields.Boolean(required=True)
    editions = ma.fields.List(ma.fields.Nested(EditionView), required=True)


class PublicationsView(ma.Schema):
    """The publications of an organization, by name."""

    data = ma.fields.List(ma.fields.Nested(PublicationView), required=True)
