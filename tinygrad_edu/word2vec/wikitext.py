"""The running text of a Wikipedia dump: without tables, templates, references, links to files and markup.

Rough, as every such reader is: what is left has to be good enough to count words in.
"""

from __future__ import annotations

import bz2
import html
import re
from collections.abc import Iterator
from pathlib import Path

PAGE = re.compile(r"<text[^>]*>(.*?)</text>", re.S)
GONE = re.compile(r"<!--.*?-->|<ref[^>]*/>|<(ref|math|gallery|source|timeline)\b[^>]*>.*?</\1>", re.S)
INNERMOST = re.compile(r"\{\{[^{}]*\}\}|\{\|(?:(?!\{\||\|\}).)*\|\}", re.S)  # a template or a table, with none in it
FILE = re.compile(r"\[\[(?:File|Image|Category):[^\[\]]*(?:\[\[[^\[\]]*\]\][^\[\]]*)*\]\]")
LINK = re.compile(r"\[\[(?:[^\[\]|]*\|)?([^\[\]|]*)\]\]")  # what is shown of it stays
REST = re.compile(r"\[?https?://[^\s\]]+|<[^>]*>|'{2,}")


def articles(dump: Path) -> Iterator[str]:
    """The text of each article of a dump (.xml.bz2, UTF-8), one at a time, without those that only lead on."""
    with bz2.open(dump, "rt", encoding="utf-8") as file:
        pages = file.read()
    for page in PAGE.finditer(pages):
        source = html.unescape(html.unescape(page[1]))
        if not source[:9].upper().startswith("#REDIRECT"):
            yield plain(source)


def plain(source: str) -> str:
    """An article without its markup.

    >>> plain("'''Zeno''' of [[Elea|that town]]{{citation {{needed}}}}<ref>a book</ref>, a [[philosopher]].").split()
    ['Zeno', 'of', 'that', 'town', ',', 'a', 'philosopher.']
    """
    source, found = GONE.sub(" ", source), 1
    while found:  # from the inside out
        source, found = INNERMOST.subn(" ", source)
    return REST.sub(" ", LINK.sub(r"\1", FILE.sub(" ", source)))
