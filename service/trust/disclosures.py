"""Selective disclosure: what a signed payload holds by digest, and what its holder chose to show (RFC 9901).

Pure bookkeeping on parsed JSON: nothing here verifies a signature. Refusals are those of the check ``disclosure``.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from schemas.errors import StrictJsonError
from schemas.strict_json import parse
from service.trust.checks import Refusal
from service.trust.envelope import decode_base64url, encode_base64url

HASH: Final = "sha-256"
MOST_DISCLOSURES: Final = 5_000
_DIGESTS: Final = "_sd"
_ELEMENT: Final = "..."
_HASH_NAME: Final = "_sd_alg"
_DIGEST_LENGTH: Final = 43
_DEPTH: Final = 64


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One disclosure (RFC 9901 4.2): of a member with its name, or of an element of a list (``name`` is None)."""

    digest: str
    name: str | None
    value: Any


@dataclass(frozen=True, slots=True)
class Disclosed:
    """A payload with what was disclosed in its place. ``hidden``: pointers (RFC 6901) of where something is not shown.

    A hidden member has no name, so its pointer is that of the object; a hidden element's is that of the list and the
    place that it would have among all elements.
    """

    value: Any
    hidden: tuple[str, ...]


def digest_of(encoded: bytes) -> str:
    """RFC 9901 4.2.3: over the text of the disclosure as it is handed over."""
    return encode_base64url(hashlib.sha256(encoded).digest()).decode()


def parse_disclosure(encoded: bytes) -> Disclosure:
    """RFC 9901 4.2.1, 4.2.2: base64url of [salt, name, value] or [salt, value]. Raises ``Refusal``."""
    decoded = decode_base64url(encoded)
    if not decoded:
        raise Refusal("disclosure", "a disclosure is not base64url without padding")
    try:
        parts = parse(decoded, max_depth=_DEPTH)
    except StrictJsonError as error:
        raise Refusal("disclosure", f"a disclosure {error}") from error
    if not isinstance(parts, list) or len(parts) not in (2, 3) or not isinstance(parts[0], str):
        raise Refusal("disclosure", "a disclosure is not a list of salt, name and value, or of salt and value")
    name = parts[1] if len(parts) == 3 else None
    if len(parts) == 3 and (not isinstance(name, str) or name in (_DIGESTS, _ELEMENT)):
        raise Refusal("disclosure", "a disclosure's name is no string, or one that is reserved")
    return Disclosure(digest_of(encoded), name, parts[-1])


def disclose(payload: Mapping[str, Any], encoded: list[bytes], whole: re.Pattern[str] | None = None) -> Disclosed:
    """RFC 9901 7.1 (3-5): put each disclosure in its place. Raises ``Refusal`` for whatever does not fit exactly.

    ``whole``: pointers of list elements that are left out where any part of them stays hidden.
    """
    if payload.get(_HASH_NAME, HASH) != HASH:
        raise Refusal("disclosure", f"_sd_alg must be {HASH}")
    given = [parse_disclosure(one) for one in encoded]
    by_digest = {one.digest: one for one in given}
    if len(by_digest) != len(given):
        raise Refusal("disclosure", "a disclosure is there twice")
    work = _Work(by_digest, whole)
    bare = {name: value for name, value in payload.items() if name != _HASH_NAME}
    value = work.members(bare, "", 0)
    if work.placed.keys() != by_digest.keys():
        raise Refusal("disclosure", "a disclosure belongs to nothing in the document")
    return Disclosed(value, tuple(work.hidden))


@dataclass(frozen=True, slots=True)
class Revealed:
    """What a disclosure shows of a signed payload: the place (RFC 6901) it belongs to, its name if any, its value."""

    pointer: str
    name: str | None
    value: Any


def reveal(payload: Mapping[str, Any], known: list[bytes], encoded: bytes) -> Revealed:
    """What one more disclosure shows beside those known. Raises ``Refusal`` where it belongs to nothing there."""
    given = {one.digest: one for one in map(parse_disclosure, [*known, encoded])}
    work = _Work(given)
    work.members({name: value for name, value in payload.items() if name != _HASH_NAME}, "", 0)
    shown = given[digest_of(encoded)]
    if shown.digest not in work.placed:
        raise Refusal("disclosure", "the disclosure belongs to nothing in the document")
    return Revealed(work.placed[shown.digest], shown.name, shown.value)


@dataclass(slots=True)
class _Work:
    """One pass over a payload."""

    given: Mapping[str, Disclosure]
    whole: re.Pattern[str] | None = None
    placed: dict[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    hidden: list[str] = field(default_factory=list)

    def value(self, value: Any, pointer: str, depth: int) -> Any:
        """Any value, with everything in it that was disclosed."""
        if depth > _DEPTH:
            raise Refusal("disclosure", f"is nested deeper than {_DEPTH} levels once disclosed")
        if isinstance(value, dict):
            return self.members(value, pointer, depth)
        return self._list(value, pointer, depth) if isinstance(value, list) else value

    def members(self, given: Mapping[str, Any], pointer: str, depth: int) -> dict[str, Any]:
        """RFC 9901 7.1 (3.c.ii): members by digest, beside those in the open."""
        for reserved in (_ELEMENT, _HASH_NAME):
            if reserved in given:
                raise Refusal("disclosure", f"{pointer or '/'} holds the reserved name {reserved}")
        found = {n: self.value(v, _within(pointer, n), depth + 1) for n, v in given.items() if n != _DIGESTS}
        for one in self._each(given.get(_DIGESTS, []), pointer):
            if one.name is None or one.name in found or one.name == _HASH_NAME:
                raise Refusal("disclosure", f"{pointer or '/'} has a disclosure that is no new member of it")
            found[one.name] = self.value(one.value, _within(pointer, one.name), depth + 1)
        return found

    def _list(self, items: list[Any], pointer: str, depth: int) -> list[Any]:
        """RFC 9901 7.1 (3.c.iii): elements by digest, in their places."""
        found: list[Any] = []
        for number, item in enumerate(items):
            place, before = f"{pointer}/{number}", len(self.hidden)
            for shown in self._element(item, place):
                opened = self.value(shown, place, depth + 1)
                if len(self.hidden) == before or not (self.whole and self.whole.fullmatch(place)):
                    found.append(opened)
        return found

    def _element(self, item: Any, place: str) -> Iterator[Any]:
        """The element itself, the one behind its digest, or none where that stays hidden."""
        if not (isinstance(item, dict) and _ELEMENT in item):
            yield item
            return
        if len(item) != 1:
            raise Refusal("disclosure", f"{place} holds more than a digest")
        for one in self._each([item[_ELEMENT]], place):
            if one.name is not None:
                raise Refusal("disclosure", f"{place} has a disclosure that is no element of a list")
            yield one.value

    def _each(self, digests: object, pointer: str) -> Iterator[Disclosure]:
        """The disclosures behind digests; a digest without one hides something, decoy or not (RFC 9901 4.2.7)."""
        if not isinstance(digests, list):
            raise Refusal("disclosure", f"{pointer or '/'}: _sd must be a list of digests")
        for digest in digests:
            if not isinstance(digest, str) or len(digest) != _DIGEST_LENGTH:
                raise Refusal("disclosure", f"{pointer or '/'} holds a digest that is none of {HASH}")
            if digest in self.seen:
                raise Refusal("disclosure", f"{pointer or '/'} holds a digest that is there twice")
            self.seen.add(digest)
            if digest in self.given:
                self.placed[digest] = pointer
                yield self.given[digest]
            else:
                self.hidden.append(pointer)


def _within(pointer: str, name: str) -> str:
    return f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
