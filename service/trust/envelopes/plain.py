"""An unsigned statement: JSON as it is, which speaks for whoever hands it in."""

from service.trust.envelopes.base import OpenContext, Opened, Steps

_ASKED = ("envelope", "header", "key", "signature")


class PlainJson:
    """Statements without a signature."""

    def open(self, content: bytes, sender: str, context: OpenContext, steps: Steps) -> Opened:
        """The content as it came, in the name of its sender."""
        for name in _ASKED:
            steps.not_applicable(name, "the document is not signed")
        return Opened(sender, content, signed=False)
