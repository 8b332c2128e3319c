"""Terms of the glossary are linked once a page, in running text, and each from somewhere."""

import re
from pathlib import Path

from docutils import nodes
from glossary_links import linked, pattern, terms

ROOT = Path(__file__).parent.parent
GLOSSARY = ROOT / "docs" / "glossary.md"


def links(text: str, seen: set[str]) -> list[str]:
    """Return the words of a text that become links."""
    return [
        part.astext()
        for part in linked(text, GLOSSARY, seen, "guide/x")
        if not isinstance(part, nodes.Text)
    ]


def test_first_uses_only() -> None:
    """A term is linked once a page, whatever its case and number."""
    seen: set[str] = set()
    assert links("Strides and a stride. A state dict, and leaves.", seen) == [
        "Strides",
        "state dict",
    ]
    assert links("The stride again; broadcasting.", seen) == ["broadcasting"]


def test_whole_words_only() -> None:
    """Parts of words and of compounds are no terms; the longer term wins."""
    assert links("leafy, stride-0, contiguously", set()) == []
    assert links("a storage offset", set()) == ["storage offset"]
    assert links("A Python generator has batches; a generator, bits.", set()) == [
        "batches",
        "generator",
    ]


def test_what_is_left_stays_text() -> None:
    """Nothing of a sentence is lost or changed."""
    text = "The stride of a leaf, then broadcasting."
    assert "".join(part.astext() for part in linked(text, GLOSSARY, set(), "guide/x")) == text


# Terms that pages say in other words, or only in a heading: nothing to link from.
UNSAID = {
    "caching allocator",
    "fan-in",
    "inverted dropout",
    "memory mapping",
    "reserved memory",
    "update ratio",
}


def test_every_term_is_used_somewhere() -> None:
    """Each term that is linked, but for those named above, stands in the text of some page."""
    pages = [*ROOT.glob("docs/guide/**/*.md"), *ROOT.glob("docs/appendix/**/*.md")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in pages)
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    used = {match[1].lower() for match in pattern(GLOSSARY).finditer(text)}
    assert len(terms(GLOSSARY)) >= 100
    assert terms(GLOSSARY).keys() - used == UNSAID
