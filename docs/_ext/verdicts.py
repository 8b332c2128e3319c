"""Paragraphs that begin with "Wrong:", "Why:" or "Right:" are told apart at a glance.

They and the code that follows at once get the verdict as a class; the words stay in the text, so
that nothing is said by color alone.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

VERDICTS = ("Wrong", "Why", "Right")


def mark(_app: Sphinx, doctree: nodes.document) -> None:
    """Put the classes on paragraphs, and on code right after them."""
    for paragraph in doctree.findall(nodes.paragraph):
        word, colon, _ = paragraph.astext().partition(":")
        if not colon or word not in VERDICTS:
            continue
        name = f"verdict-{word.lower()}"
        paragraph["classes"].append(name)
        after = paragraph.next_node(descend=False, siblings=True)
        if isinstance(after, nodes.literal_block):
            after["classes"].append(name)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the event."""
    app.connect("doctree-read", mark)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
