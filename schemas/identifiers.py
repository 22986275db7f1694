"""Names of organizations, sites and products: what makes one well-formed. Pure; every fault is told in one sentence."""

import re
import unicodedata
from collections.abc import Callable

from graph.errors import GreenchainError

MAX_URI = 200

_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015 table 1: no I, O, S, V, Z
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:[^:]")
_OWN_ID = re.compile(r"[a-z0-9-]{1,63}")


class IdentifierError(GreenchainError, ValueError):
    """An identifier is not well-formed; the message says what was expected."""


def check_uri(text: str) -> str:
    """Return `text` if it can name something: a URI with a scheme, NFC, at most 200 characters, printable, no bar.

    A bar ends the issuer in a key (``graph.model.refs``); blanks and invisible characters make two names look alike.
    """
    if not text or len(text) > MAX_URI:
        raise IdentifierError(f"a URI has 1 to {MAX_URI} characters, not {len(text)}")
    if not unicodedata.is_normalized("NFC", text):
        raise IdentifierError("a URI is written in Unicode normal form C")
    for place, character in enumerate(text):
        if character == "|" or unicodedata.category(character)[0] in "CZ":
            raise IdentifierError(f"a URI has no blank, control, invisible or bar character (position {place})")
    if not _SCHEME.match(text):
        raise IdentifierError("a URI begins with a scheme in lower case, such as urn: or https:")
    return text


def gs1_check_digit(digits: str) -> int:
    """Return the check digit that follows `digits` (GS1 General Specifications 7.9: weights 3, 1 from the right)."""
    return -sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(reversed(digits))) % 10


def is_gln(text: str) -> bool:
    """Tell whether `text` is a Global Location Number: 13 digits, the last one checking."""
    return _is_gs1(text, (13,))


def is_gtin(text: str) -> bool:
    """Tell whether `text` is a Global Trade Item Number: 8, 12, 13 or 14 digits, the last one checking."""
    return _is_gs1(text, (8, 12, 13, 14))


def is_lei(text: str) -> bool:
    """Tell whether `text` is a Legal Entity Identifier (ISO 17442): 18 characters and two check digits (mod 97-10)."""
    if not re.fullmatch(r"[0-9A-Z]{18}[0-9]{2}", text):
        return False
    return int("".join(str(int(c, 36)) for c in text)) % 97 == 1


def is_uscc(text: str) -> bool:
    """Tell whether `text` is a Unified Social Credit Code (GB 32100-2015): 17 characters and one check character."""
    if len(text) != 18 or any(c not in _USCC_ALPHABET for c in text):
        return False
    total = sum(_USCC_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(text[:17]))
    return _USCC_ALPHABET[-total % 31] == text[17]


def is_own_id(text: str) -> bool:
    """Tell whether `text` can be an organization's id of this operator's own giving."""
    return bool(_OWN_ID.fullmatch(text))


# Prefix, test of what follows, and what is expected there.
ORGANIZATION_FORMS: tuple[tuple[str, Callable[[str], bool], str], ...] = (
    ("urn:lei:", is_lei, "a Legal Entity Identifier of 20 characters with right check digits (ISO 17442)"),
    ("urn:uscc:", is_uscc, "a Unified Social Credit Code of 18 characters with a right check character (GB 32100)"),
    ("https://id.gs1.org/417/", is_gln, "a party GLN of 13 digits with a right check digit"),
    ("urn:greenchain:org:", is_own_id, "1 to 63 of a-z, 0-9 and -"),
)


def check_organization(text: str) -> str:
    """Return `text` if it is a URI that can name an organization; raises IdentifierError otherwise."""
    check_uri(text)
    for prefix, accepts, expected in ORGANIZATION_FORMS:
        if text.startswith(prefix):
            if accepts(text.removeprefix(prefix)):
                return text
            raise IdentifierError(f"after {prefix} there must be {expected}")
    prefixes = ", ".join(prefix for prefix, _, _ in ORGANIZATION_FORMS)
    raise IdentifierError(f"an organization's URI begins with one of {prefixes}")


def _is_gs1(text: str, lengths: tuple[int, ...]) -> bool:
    if len(text) not in lengths or not re.fullmatch(r"[0-9]+", text):
        return False
    return gs1_check_digit(text[:-1]) == int(text[-1])
