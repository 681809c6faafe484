"""EDIFACT as its senders write it: separators announced, mistyped or left out, characters released, text in any order.

Whatever the separators are, a text is handed on with the usual ones: `'` ends a segment, `+` an element, `:` a part.
Characters that are released, or that are separators only elsewhere, stand in it as characters of the private use area
until `plain` gives them back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_PRIVATE = 0xE000
_PLAIN = {_PRIVATE + code: code for code in range(0x100)}
_USUAL = ":+'"
_KNOWN = "ABI ADD APD DAT EBD EQN FAR FOP FTI IFT LTS MON MSG ORG PTK RCI REF RPI SAC SRC SSD SSR TBD TIF TKT TRA TRI"
_KNOWN += " TVL TXD UNT UNE UNZ"
_NEXT = "|".join(_KNOWN.split())


@dataclass(frozen=True)
class Separators:
    component: str = ":"
    element: str = "+"
    release: str = "?"
    terminator: str = "'"

    @property
    def announced(self) -> str:
        """The service string that announces them, nine characters long."""
        return f"UNA{self.component}{self.element}.{self.release or ' '}*{self.terminator}"

    @classmethod
    def read(cls, announced: str) -> Separators:
        """What `announced` wrote."""
        component, element, release, terminator = (announced[at] for at in (3, 4, 6, 8))
        return _SEEN.setdefault(announced[3:9], cls(component, element, release.strip(), terminator))


_SEEN: dict[str, Separators] = {}


def separators_of(head: str) -> Separators:
    """The separators of an interchange, from its first few kilobytes.

    What the segments show goes before what UNA says: senders mistype it, leave the decimal mark out, or have the
    apostrophe made typographic by an editor.
    """
    component, element, release, terminator = ":", "+", "?", "'"
    if head.startswith("UNA"):
        said = head[3:9]
        if len(said) == 6 and not said[5].isspace():
            component, element, release, terminator = said[0], said[1], said[3], said[5]
        elif len(said.rstrip()) == 5:
            component, element, terminator = said[0], said[1], said[4]
            release = said[3] if said[2] in ".," else said[2]
    shown = re.search(r"UN[BH]\s?([^\sA-Z0-9])", head)
    if shown:
        element = shown[1]
    ends = re.search(rf"UNB.*?(\S)\s*UN[GH]\s?{re.escape(element)}", head, re.DOTALL)
    ends = ends or re.search(rf"UNH.*?(\S)\s*(?:MSG|BGM){re.escape(element)}", head, re.DOTALL)
    if ends and not ends[1].isalnum():
        terminator = ends[1]
    release = release if release.strip() and release not in (component, element, terminator) else ""
    return Separators(component, element, release, terminator)


def segments(text: str, marks: Separators) -> list[str]:
    """The segments of a text, with the usual separators; blank ones are left out."""
    release = marks.release
    if release and release in text:
        dangling, released = _releases(marks)
        text = released.sub(_hidden, dangling.sub("", text))
    used = marks.component + marks.element + marks.terminator
    if used != _USUAL:
        text = text.translate(_translation(used))
    return [segment for part in text.split("'") if (segment := part.strip())]


def plain(value: str) -> str:
    """A value as it was meant, trimmed."""
    return (value if value.isascii() else value.translate(_PLAIN)).strip()


@lru_cache(maxsize=64)
def _releases(marks: Separators) -> tuple[re.Pattern[str], re.Pattern[str]]:
    release, end, element = (re.escape(c) for c in (marks.release, marks.terminator, marks.element))
    # A release character at the very end of a segment releases nothing: the next segment follows.
    return re.compile(rf"{release}(?={end}\s*(?:(?:{_NEXT})[{element}{end}]|\Z))"), re.compile(rf"{release}(.)", re.S)


def _hidden(released: re.Match[str]) -> str:
    code = ord(released[1])
    return chr(_PRIVATE + code) if code < 0x100 else released[1]


@lru_cache(maxsize=64)
def _translation(used: str) -> dict[int, str]:
    hide = {ord(c): chr(_PRIVATE + ord(c)) for c in _USUAL if c not in used}
    return hide | {ord(theirs): ours for theirs, ours in zip(used, _USUAL, strict=True)}
