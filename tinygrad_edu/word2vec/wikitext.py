"""Extracts the running text of a Wikipedia dump: without tables, templates, references, links to files and markup.

It is rough: the text only has to be good enough to count words in.
"""

from __future__ import annotations

import bz2
import html
import re
from collections.abc import Iterator
from pathlib import Path

PAGE = re.compile(r"<text[^>]*>(.*?)</text>", re.S)
GONE = re.compile(r"<!--.*?-->|<ref[^>]*/>|<(ref|math|gallery|source|timeline)\b[^>]*>.*?</\1>", re.S)
INNERMOST = re.compile(r"\{\{[^{}]*\}\}|\{\|(?:(?!\{\||\|\}).)*\|\}", re.S)  # a template or table without another in it
FILE = re.compile(r"\[\[(?:File|Image|Category):[^\[\]]*(?:\[\[[^\[\]]*\]\][^\[\]]*)*\]\]")
LINK = re.compile(r"\[\[(?:[^\[\]|]*\|)?([^\[\]|]*)\]\]")  # the text of a link is kept
REST = re.compile(r"\[?https?://[^\s\]]+|<[^>]*>|'{2,}")


def articles(dump: Path) -> Iterator[str]:
    """The text of each article of a dump (.xml.bz2, UTF-8), one at a time, without redirections."""
    with bz2.open(dump, "rt", encoding="utf-8") as file:
        pages = file.read()
    for page in PAGE.finditer(pages):
        source = html.unescape(html.unescape(page[1]))
        if not source[:9].upper().startswith("#REDIRECT"):
            yield strip_markup(source)


def strip_markup(source: str) -> str:
    """Take the markup out of an article.

    >>> strip_markup("'''Zeno''' of [[Elea|that town]]{{cite {{this}}}}<ref>a book</ref>, a [[philosopher]].").split()
    ['Zeno', 'of', 'that', 'town', ',', 'a', 'philosopher.']
    """
    source, found = GONE.sub(" ", source), 1
    while found:  # templates are removed from the inside out
        source, found = INNERMOST.subn(" ", source)
    return REST.sub(" ", LINK.sub(r"\1", FILE.sub(" ", source)))
