"""Documents as their readers may see them."""

from graph.errors import GreenchainError
from graph.model.documents import StoredDocument
from graph.store.database import Database
from graph.store.documents import documents_of, find_document
from service.auth.roles import Permission, Viewer
from service.chain import Chain


class DocumentUnknown(GreenchainError):
    """There is no such document, or the viewer may not see that there is."""


class Documents:
    """Reads documents and verdicts for a viewer."""

    def __init__(self, database: Database, chain: Chain) -> None:
        self._database = database
        self._chain = chain

    def find(self, viewer: Viewer, document: str) -> StoredDocument:
        """A document with its verdict, with the bytes where they may be read. Raises ``DocumentUnknown``."""
        found = self._database.read(find_document, document)
        if found is None:
            raise DocumentUnknown("there is no such document")
        sees = self._chain.sight(viewer)
        if found.about:  # a change of a document's status is told to whoever may see the document
            return self._about(viewer, found)
        if sees.own(found) or sees.public(found) or (sees.bytes_of(found) and viewer.may(Permission.READ_EVIDENCE)):
            return found
        if sees.facts_of(found.issuer):
            return found.without_content()
        if sees.document(found, self._chain.disclosed(sees, [found.index])):
            return found.disclosed()
        raise DocumentUnknown("there is no such document")

    def _about(self, viewer: Viewer, record: StoredDocument) -> StoredDocument:
        about = self.find(viewer, record.about)
        return record if self._chain.sight(viewer).own(about) else record.disclosed()

    def content(self, viewer: Viewer, document: str) -> StoredDocument:
        """The bytes as they came. Raises ``DocumentUnknown`` unless they may be read."""
        found = self.find(viewer, document)
        if not found.content:
            raise DocumentUnknown("there is no such document")
        return found

    def own(self, viewer: Viewer, before: int, limit: int) -> list[StoredDocument]:
        """What the viewer's organization issued or handed in, newest first."""
        return self._database.read(documents_of, viewer.organization, before=before, limit=limit)
