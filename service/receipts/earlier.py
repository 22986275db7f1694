"""Receipts from before published factors were documents: they name a version of all figures of the program. Pure.

Such a receipt is verified with the sets that hold the factors of then, where this program still has them and all else
that came with it is what it was.
"""

from dataclasses import replace
from hashlib import sha256
from typing import Final

from graph.model.facts import Stated, Statement
from graph.rollup.policy import factors_version
from schemas.factor_sets import read_factor_set, shipped
from schemas.receipts import NO_EXHIBIT, Receipt
from service.auth.roles import OPERATOR
from service.receipts.figures import Said

# What such a receipt names, the version of what is left of that since then, and the files that the factors went into.
_NAMED: Final = "239a3c2170f4cb2670c5a085b4afb8740245082b74c30d5232a8a3de8d456732"
_LEFT: Final = "124b3aade9217a328bc322eb825caf217692580e73a861c2c1fffb928137aa42"
_FILES: Final = {
    "99527d625477c0ff2e0e7feaeacd48b64d8ba1e3ed8180e761959aa852cb2f0e",
    "c2fcc357459102232b4b7b29471fe29de13ef4320ddf0a65d1c76f03b8a915ed",
    "1811276a6f7e53ac6cda6a56fc871b9e6418e036c0903b7c79cb609996254e61",
}


def brought_along(receipt: Receipt) -> tuple[Said, ...]:
    """The factors that the program of then brought along, as if said before the first entry; none for other receipts.

    None either where this program cannot tell them any more.
    """
    files = [file for file in shipped() if sha256(file).hexdigest() in _FILES]
    known = len(files) == len(_FILES) and factors_version() == _LEFT
    return tuple(_said(n, file) for n, file in enumerate(files)) if known and receipt.factors == _NAMED else ()


def _said(position: int, file: bytes) -> Said:
    statement = Statement(OPERATOR, "", 0.0, None, (Stated(position, read_factor_set(file, OPERATOR), ""),))
    return Said(replace(NO_EXHIBIT, index=-1, in_force=(position,)), "", OPERATOR, statement, signed=False)
