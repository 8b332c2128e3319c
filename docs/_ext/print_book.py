"""Print the whole guide as one PDF: `python docs/_ext/print_book.py SINGLE.html BOOK.pdf`.

The page is the one that Sphinx's singlehtml builder makes. Chromium prints it twice: first to learn
on which page each part begins, then with those numbers in the contents; pypdf adds the outline.
(Chromium's own outline needs a tagged PDF: five times the size and the time.)
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright
from print_page import FLAGS, find_chromium
from pypdf import PdfReader, PdfWriter

FOOTER = """<div style="width: 100%; text-align: center; font: 8pt sans-serif">
<span class="pageNumber"></span></div>"""
STYLE = Path(__file__).with_suffix(".css")
ARRANGE = """() => {
  document.body.dataset.theme = "light";
  for (const folded of document.querySelectorAll("details")) folded.open = true;
  const contents = document.createElement("section");
  contents.id = "contents";
  contents.innerHTML = "<h2>Contents</h2>";
  const tree = document.querySelectorAll(".sidebar-tree > *");
  contents.append(...[...tree].map(part => part.cloneNode(true)));
  contents.querySelectorAll("input, label").forEach(node => node.remove());
  const article = document.querySelector("article");
  article.querySelector("h1").after(contents);
  for (const link of contents.querySelectorAll("a")) {
    const target = document.getElementById(link.getAttribute("href").slice(1));
    const chapter = link.closest("li").classList.contains("toctree-l1");
    target?.classList.toggle("chapter", chapter);
  }
}"""
ENTRIES = """() => [...document.querySelectorAll("#contents a")].map(link => [
  Number(link.closest("li").className.match(/toctree-l([0-9])/)[1]) - 1,
  link.textContent.trim(),
  link.getAttribute("href").slice(1),
])"""
NUMBER = """pages => {
  for (const link of document.querySelectorAll("#contents a"))
    link.dataset.page = pages[link.getAttribute("href").slice(1)] ?? "";
}"""


def pages_of(pdf: Path) -> dict[str, int]:
    """Return the page, from 1, on which each named place of the PDF is."""
    reader = PdfReader(pdf)
    found = {}
    for name, place in reader.named_destinations.items():
        number = reader.get_destination_page_number(place)
        if number is not None:
            found[name.removeprefix("/")] = number + 1
    return found


def print_to(page: Page, pdf: Path) -> None:
    """Print the page as it is, with page numbers."""
    page.pdf(
        path=pdf, prefer_css_page_size=True, print_background=True, display_header_footer=True,
        header_template="<span></span>", footer_template=FOOTER,
    )  # fmt: skip


def add_outline(draft: Path, pdf: Path, entries: list[tuple[int, str, int]]) -> None:
    """Write the PDF with an outline of (level, title, page from 1), levels from 0."""
    writer = PdfWriter(clone_from=draft)
    above: list[Any] = []
    for level, title, number in entries:
        parent = above[level - 1] if level else None
        above[level:] = [
            writer.add_outline_item(title=title, page_number=number - 1, parent=parent)
        ]
    writer.write(pdf)


def print_book(single: Path, pdf: Path) -> None:
    """Print the guide, with contents that say where each page of the site is."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        page = browser.new_page(color_scheme="light")
        page.set_default_timeout(600_000)
        page.goto(single.resolve().as_uri())
        page.add_style_tag(path=STYLE)
        page.evaluate(ARRANGE)
        draft = Path(folder, "draft.pdf")
        print_to(page, draft)
        numbers = pages_of(draft)
        page.evaluate(NUMBER, numbers)
        print_to(page, draft)
        entries = [
            (level, title, numbers[name])
            for level, title, name in page.evaluate(ENTRIES)
            if name in numbers
        ]
        browser.close()
        add_outline(draft, pdf, entries)


if __name__ == "__main__":
    print_book(Path(sys.argv[1]), Path(sys.argv[2]))
