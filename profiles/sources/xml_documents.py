"""Reads an XML record by the local names of its elements: versions of a format differ in little but namespaces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element, ParseError, tostring

import numpy as np
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from numpy.typing import NDArray

from profiles.sources.contract import Lines, Reject
from profiles.sources.json_lines import Unreadable


def parsed(raw: bytes) -> Element:
    """The record's element, without namespaces. Raises Unreadable, saying where it is not well-formed."""
    try:
        root: Element = fromstring(raw, forbid_dtd=True)
    except ParseError as error:
        raise Unreadable("line", f"not well-formed: {error}", "well-formed XML") from None
    except (DefusedXmlException, ValueError) as error:
        raise Unreadable("line", str(error), "XML without entities of its own") from None
    for element in root.iter():
        if isinstance(element.tag, str) and "}" in element.tag:
            element.tag = element.tag.rpartition("}")[2]
    return root


def elements(lines: Lines, rejects: list[Reject], take: Callable[[int, Element], None]) -> None:
    """Call `take(line, element)` for each record; one that `take` calls Unreadable is rejected."""
    for index, raw in enumerate(lines.raw):
        try:
            take(index, parsed(raw))
        except Unreadable as error:
            rejects.append(Reject(index, error.field, error.reason, error.expected))


def scanned(lines: Lines, key: Callable[[Element], str]) -> tuple[NDArray[np.int64], list[str]]:
    """The indices of the records that have a key, and their keys; faults are named when the record is read in full."""
    found, keys = [], []
    for index, raw in enumerate(lines.raw):
        try:
            keys.append(key(parsed(raw)))
            found.append(index)
        except (Unreadable, AttributeError, IndexError):
            continue
    return np.array(found, dtype=np.int64), keys


def first(element: Element | None, *paths: str) -> str:
    """The text at the first of these paths that has one, trimmed; blank where none has."""
    for path in paths if element is not None else ():
        for found in element.iterfind(path):  # type: ignore[union-attr]
            if found.text and found.text.strip():
                return found.text.strip()
    return ""


def every(element: Element | None, *paths: str) -> Iterator[Element]:
    """The elements at all of these paths."""
    for path in paths if element is not None else ():
        yield from element.iterfind(path)  # type: ignore[union-attr]


def emptied(element: Element, *kept: str) -> None:
    """Take everything out of an element but the attributes named."""
    attributes = {name: value for name, value in element.attrib.items() if name in kept}
    element.clear()
    element.attrib.update(attributes)


def drop(root: Element, gone: Callable[[Element], bool]) -> None:
    """Take out every element of which `gone` is true."""
    for parent in list(root.iter()):
        for child in [child for child in parent if gone(child)]:
            parent.remove(child)


def written(root: Element) -> bytes:
    return bytes(tostring(root, encoding="utf-8"))
