"""A small language for places in a page, ten times as quick as XPath for the dozen asked of it.

`#id`, `.class`, `.prefix*` (a class that begins so), each with or without ` tag` (the descendants
of that name) and `@attribute` (its value instead of the text). A page is indexed once.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from lxml.html import HtmlElement

from newscrawl.extract.fragments import clean

_SELECTOR = re.compile(
    r"^(?P<anchor>[#.][\w-]+)(?P<prefix>\*)?(?: (?P<tag>\w+))?(?:@(?P<name>[\w-]+))?$"
)


class _Selector(NamedTuple):
    anchor: str
    is_prefix: bool
    tag: str | None
    attribute: str | None


class PlaceIndex:
    """The elements of a page by id and class, in document order."""

    def __init__(self, tree: HtmlElement) -> None:
        """Walk the page once."""
        self._places: defaultdict[str, list[HtmlElement]] = defaultdict(list)
        for element in tree.iter():
            attributes = element.attrib
            if "class" in attributes:
                for name in attributes["class"].split():
                    self._places["." + name].append(element)
            if "id" in attributes:
                self._places["#" + attributes["id"]].append(element)

    def elements(self, selector: str) -> list[HtmlElement]:
        """Return the elements at a place."""
        return self._found(_parsed(selector))

    def texts(self, selectors: Iterable[str]) -> list[str]:
        """Return the texts at the first of the places that holds any."""
        for text in selectors:
            selector = _parsed(text)
            values = (
                element.get(selector.attribute)
                if selector.attribute
                else str(element.text_content())
                for element in self._found(selector)
            )
            if found := [cleaned for value in values if value and (cleaned := clean(value))]:
                return found
        return []

    def text(self, selectors: Iterable[str]) -> str:
        """Return the first of the texts, or ""."""
        return next(iter(self.texts(selectors)), "")

    def _found(self, selector: _Selector) -> list[HtmlElement]:
        if selector.is_prefix:
            names = [name for name in self._places if name.startswith(selector.anchor)]
            anchors = [element for name in names for element in self._places[name]]
        else:
            anchors = self._places.get(selector.anchor, [])
        if selector.tag is None:
            return anchors
        return [inside for anchor in anchors for inside in anchor.iter(selector.tag)]


@cache
def _parsed(text: str) -> _Selector:
    match = _SELECTOR.match(text)
    if match is None:
        raise ValueError(f"no selector: {text}")
    return _Selector(match["anchor"], bool(match["prefix"]), match["tag"], match["name"])
