"""No page weighs more than its budget: what a first visit asks for, compressed."""

import gzip
import re
import tomllib
from pathlib import Path

import pytest

from tests.browser.site_pages import HTML, PAGES

BUDGETS = tomllib.loads(Path(__file__).with_name("budgets.toml").read_text("utf-8"))
TEXT = (".html", ".js", ".css", ".svg")
ASSET = re.compile(r'<(?:script|img|link)\b[^>]*?\s(?:src|href)="([^"#:]+)"[^>]*>')


def weight(path: Path) -> int:
    """Return a file's bytes as they travel: text compressed, the rest as it is."""
    data = path.read_bytes()
    return len(gzip.compress(data, 6)) if path.suffix in TEXT else len(data)


def asked(page: Path) -> list[Path]:
    """Return the page and what a browser asks for with it: nothing lazy, no mere links."""
    found = {page}
    for tag in ASSET.finditer(page.read_text(encoding="utf-8")):
        if 'loading="lazy"' in tag[0] or (
            tag[0].startswith("<link") and "stylesheet" not in tag[0]
        ):
            continue
        address = tag[1].split("?")[0]
        found.add(
            (HTML / address.lstrip("/") if address[0] == "/" else page.parent / address).resolve()
        )
    return sorted(found)


def test_it_sees_what_a_page_asks_for() -> None:
    """The count below is not of pages alone."""
    names = {path.name for path in asked(HTML / "index.html")}
    assert {"index.html", "site.js", "errors.js", "explain.js"} <= names


@pytest.mark.parametrize("name", PAGES)
def test_page_keeps_its_budget(name: str) -> None:
    """A page stays below the weight and the number of requests that its folder may have."""
    budget = BUDGETS.get(name) or BUDGETS.get(name.partition("/")[0]) or BUDGETS["other"]
    files = asked(HTML / name)
    assert sum(map(weight, files)) <= budget["weight"] * 1000
    assert len(files) <= budget["requests"]
