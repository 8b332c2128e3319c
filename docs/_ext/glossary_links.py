"""Link each glossary term from its first use in a page's text, as the page is written.

Found are the terms of docs/glossary.md and their plurals, as whole words, in paragraphs and lists:
not in headings, links, code or tables. The glossary and the indexes of guides are left alone.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

FOLDERS = ("guide/", "appendix/")
CLOSED = (
    nodes.title,
    nodes.reference,
    nodes.literal,
    nodes.table,
    addnodes.pending_xref,
    nodes.term,
)


@cache
def terms(glossary: Path) -> dict[str, str]:
    """Return the glossary's terms by their lower case."""
    text = glossary.read_text(encoding="utf-8").partition("```{glossary}\n")[2]
    found = re.findall(r"^(\S.*)\n  \S", text, re.MULTILINE)
    return {term.lower(): term for term in found}


@cache
def pattern(glossary: Path) -> re.Pattern[str]:
    """Return what finds any term or its plural as whole words, the longest first.

    A "Python generator", "Python module" or other thing of Python's is not the glossary's.
    """
    words = "|".join(map(re.escape, sorted(terms(glossary), key=len, reverse=True)))
    return re.compile(rf"(?<![\w-])(?<!Python )({words})(e?s)?(?![\w-])", re.IGNORECASE)


def closed(node: nodes.Node) -> bool:
    """Say whether the text stands where no link may be put."""
    while node is not None:
        if isinstance(node, CLOSED):
            return True
        node = node.parent
    return False


def link(app: Sphinx, doctree: nodes.document) -> None:
    """Put the links into a page that was read."""
    name = app.env.docname
    if not name.startswith(FOLDERS) or name.endswith("/index"):
        return
    glossary = Path(app.srcdir, "glossary.md")
    app.env.note_dependency(str(glossary))
    seen: set[str] = set()
    for text in list(doctree.findall(nodes.Text)):
        if isinstance(text.parent, (nodes.paragraph, nodes.inline)) and not closed(text):
            parts = linked(str(text), glossary, seen, name)
            if len(parts) > 1:
                text.parent.replace(text, parts)


def linked(text: str, glossary: Path, seen: set[str], page: str) -> list[nodes.Node]:
    """Split a text at the first uses of terms, and make links of those."""
    parts: list[nodes.Node] = []
    at = 0
    for match in pattern(glossary).finditer(text):
        term = match[1].lower()
        if term in seen:
            continue
        seen.add(term)
        parts.append(nodes.Text(text[at : match.start()]))
        parts.append(
            addnodes.pending_xref(
                "", nodes.inline("", match[0], classes=["glossary-term"]), refdomain="std",
                reftype="term", refdoc=page, reftarget=terms(glossary)[term], refexplicit=True,
                refwarn=True,
            )
        )  # fmt: skip
        at = match.end()
    return [*parts, nodes.Text(text[at:])]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the event, before gists and search read the page."""
    app.connect("doctree-read", link, priority=400)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
