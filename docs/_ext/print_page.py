"""Print a page of the built site as PDF: `python docs/_ext/print_page.py PAGE.html PAGE.pdf`.

The system's Chromium does it, through playwright. Links in the PDF lead to the published site.
"""

import shutil
import sys
from pathlib import Path

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PUBLISH_LINKS = """() => {
  const published = document.querySelector("link[rel=canonical]").href;
  for (const link of document.querySelectorAll("a[href]"))
    link.href = new URL(link.getAttribute("href"), published);
}"""


def find_chromium() -> str | None:
    """Return the path of the system's Chromium, or None."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def print_page(page: Path, pdf: Path) -> None:
    """Print the page on A4, in black on white as its print style sheet has it."""
    from playwright.sync_api import sync_playwright  # not where only find_chromium is wanted

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        sheet = browser.new_page()
        sheet.goto(page.resolve().as_uri())
        sheet.evaluate(PUBLISH_LINKS)
        sheet.pdf(path=pdf, format="A4", prefer_css_page_size=False)
        browser.close()


if __name__ == "__main__":
    print_page(Path(sys.argv[1]), Path(sys.argv[2]))
