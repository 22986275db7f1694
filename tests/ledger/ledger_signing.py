"""A process that asks its log for signed heads without end, and prints each once it has it: the tests kill it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from graph.store.database import Database, EngineAddress
from tests.kit.logs import log_over


def main() -> None:
    told = json.loads(os.environ["LEDGER_TEST"])
    log = log_over(Database(EngineAddress(**told["address"])), Path(told["folder"]))
    while True:
        sys.stdout.write(json.dumps(log.checkpoint().note.decode()) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
