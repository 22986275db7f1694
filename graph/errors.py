"""Everything Greenchain raises on purpose, as one tree.

GreenchainError
├── EngineError                the graph engine, not the question asked of it
│   ├── EngineUnavailable      nobody answers at the address: try again later
│   ├── EngineFailed           the embedded engine did not start
│   ├── EngineRefused          the engine answers but does not let us in
│   ├── DataFolderBusy         another process owns the data folder
│   ├── GraphNewerThanCode     the graph was written by a later version
│   └── GraphNotEmpty          an empty graph was needed
├── UnknownUnit                a string that is no unit known here
└── StoreError                 one transaction
    ├── StatementFailed        the engine refused a statement
    ├── RequestTooLarge        one statement's parameters exceed what an engine takes
    ├── KeyTaken               a unique value is held by another node
    ├── TooMuchContention      conflicts outlasted every try
    └── CommitUnknown          the connection was lost during the commit
"""


class GreenchainError(Exception):
    """Base of everything Greenchain raises on purpose."""


class EngineError(GreenchainError):
    """The graph engine cannot be used."""


class EngineUnavailable(EngineError):
    """No engine answers at the address; nothing was written, and a later try may succeed."""


class EngineFailed(EngineError):
    """The embedded engine did not start; the message ends with the last lines of its log."""


class EngineRefused(EngineError):
    """The engine answers but refuses the user, the password, the database or the connection settings."""


class DataFolderBusy(EngineError):
    """Another process owns the data folder; the message says which."""


class GraphNewerThanCode(EngineError):
    """The graph was migrated by a later version of Greenchain than this one."""


class GraphNotEmpty(EngineError):
    """The graph holds data where an empty one was asked for."""


class StoreError(GreenchainError):
    """A transaction did not take effect as asked."""


class StatementFailed(StoreError):
    """The engine refused a statement; its transaction was rolled back."""


class RequestTooLarge(StoreError):
    """The parameters of one statement are larger than an engine takes; send them in smaller batches."""


class KeyTaken(StoreError):
    """A value that must be unique is held by another node, also after retries; nothing was written."""


class TooMuchContention(StoreError):
    """Conflicts with other writers outlasted every retry; nothing was written."""


class CommitUnknown(StoreError):
    """The connection was lost during the commit: look the document up, and resubmit it if it is not there."""


class UnknownUnit(GreenchainError):
    """A string is no unit that quantities are counted in here."""
