"""Paragraphs that say wrong, why or right, and the code after them, carry that as a class."""

from docutils import nodes
from docutils.core import publish_doctree
from verdicts import mark


def classes(text: str) -> list[tuple[str, list[str]]]:
    """Return kind and classes of each paragraph and block of code of a text."""
    tree = publish_doctree(text)
    mark(None, tree)  # type: ignore[arg-type]
    wanted = (nodes.paragraph, nodes.literal_block)
    return [
        (type(node).__name__, node["classes"])
        for node in tree.findall()
        if isinstance(node, wanted)
    ]


def test_code_right_after_a_verdict_shares_it() -> None:
    """A paragraph between keeps the code out."""
    text = "Wrong: this.\n\n::\n\n   x\n\nWhy: so.\n\nRight: that.\n\nText.\n\n::\n\n   y\n"
    assert classes(text) == [
        ("paragraph", ["verdict-wrong"]),
        ("literal_block", ["verdict-wrong"]),
        ("paragraph", ["verdict-why"]),
        ("paragraph", ["verdict-right"]),
        ("paragraph", []),
        ("literal_block", []),
    ]


def test_words_that_only_begin_so_are_left() -> None:
    """The word and its colon have to come first."""
    assert classes("Wrong answers: three.\n\nRightly so.\n") == [
        ("paragraph", []),
        ("paragraph", []),
    ]
