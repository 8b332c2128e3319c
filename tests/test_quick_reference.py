"""The quick reference: each fence and each row links to the section that explains it."""

import re

from tests.test_pages import ROOT, fences

SHEET = (ROOT / "docs" / "quick-reference.md").read_text("utf-8").partition("\n(quick-")[0]
CAPTION = re.compile(r"\[[^\]]+\]\([^)]+\)(, \[[^\]]+\]\([^)]+\))*")
ROW = re.compile(r"\| `.*\(#[\w-]+\) \|")  # what test_pages looks up on the page it links to


def unlinked(text: str) -> list[str]:
    """Return the captions and rows that are no links; the first fences may be a directive's."""
    lines = text.splitlines()
    above = [lines[line - 3] for line, label, _ in fences(text) if label == "python"]
    rows = [
        line for line in lines if line.startswith("| ") and not re.match(r"\| (---|[A-Z])", line)
    ]
    return [line for line in above if not CAPTION.fullmatch(line)] + [
        row for row in rows if not ROW.fullmatch(row)
    ]


def test_each_entry_links() -> None:
    """No fence stands without a caption of links, no row without a label that is looked up."""
    assert SHEET.count("```python") >= 11
    assert len(re.findall(r"^\| `", SHEET, re.MULTILINE)) >= 18
    assert not unlinked(SHEET)


def test_what_does_not_link_is_found() -> None:
    """A caption without a link, a row without a label: each is named."""
    fence = "```python\n>>> 1\n1\n```\n"
    bad = f"[Sum](#sum)\n\n{fence}\nA sum\n\n{fence}\n| `old` | `new` |\n| `a` | [b](#c-d) |\n"
    assert unlinked(bad) == ["A sum", "| `old` | `new` |"]
