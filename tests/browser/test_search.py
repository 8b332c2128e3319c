"""Search answers what readers type: the right page first, or nearly; in time; from a disk, too."""

import gzip
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.site_pages import HTML, opened

# A query and the pages that answer it, one query a line: concepts, names, misspelled names,
# questions in words, whole messages.
QUERIES = [
    (query, {f"{page}.html" for page in pages.split("|")})
    for query, pages in (
        line.split("\t")
        for line in Path(__file__).with_name("queries.tsv").read_text("utf-8").splitlines()
    )
]
FIRST, THREE = 0.80, 0.95


def test_queries_name_pages_that_exist() -> None:
    """There are at least 120 queries, and no query waits for a page that is gone."""
    assert len(QUERIES) >= 120
    gone = {page for _, pages in QUERIES for page in pages if not (HTML / page).exists()}
    assert not gone


def test_the_right_page_comes_first(chromium: Browser, address: str) -> None:
    """The page that answers is the first for 80 % of the queries, in the first three for 95 %."""
    page, wrong = opened(chromium, address + "search.html")
    answers = page.evaluate(
        "queries => queries.map(query => findPages(query).slice(0, 3).map(found => found[0]))",
        [query for query, _ in QUERIES],
    )
    cases = list(zip(QUERIES, answers, strict=True))
    late = [(query, found) for (query, right), found in cases if found[0] not in right]
    missed = [(query, found) for (query, right), found in cases if not right & set(found)]
    assert len(late) <= (1 - FIRST) * len(cases), late
    assert len(missed) <= (1 - THREE) * len(cases), missed
    assert not wrong
    page.context.close()


def test_results_show_and_follow_what_is_typed(chromium: Browser, address: str) -> None:
    """A result has its page's title, address and first sentence; typing on changes the list."""
    page, wrong = opened(chromium, address + "search.html?q=broadcasting")
    first = page.locator("#search-results > li").first
    link = first.locator("a")
    assert link.get_attribute("href") == address + "guide/tensors/broadcasting.html"
    assert "Broadcasting aligns shapes" in link.inner_text()
    assert len(first.locator("p").inner_text()) > 40
    page.locator(".sidebar-search").fill("momentum")
    page.locator("#search-results a", has_text="momentum").first.wait_for()
    assert page.url.endswith("?q=momentum")
    page.locator(".sidebar-search").fill("qqqqzzzz")
    assert page.locator("#search-results > li").count() == 0
    assert "No page has these words" in page.locator("#search-status").inner_text()
    assert not wrong
    page.context.close()


@pytest.mark.parametrize(
    "query", ["<script>window.hurt = 1</script>", "<img src=x onerror='window.hurt=1'>", '"><b>x']
)
def test_markup_is_text(chromium: Browser, address: str, query: str) -> None:
    """A query made of markup is shown in the field as typed, and runs nothing."""
    page, wrong = opened(chromium, address + "search.html")
    page.locator(".sidebar-search").fill(query)
    page.reload()
    assert page.locator(".sidebar-search").input_value() == query
    assert page.evaluate("window.hurt") is None
    assert page.locator("article :is(img, script, b)").count() == 0
    assert not wrong
    page.context.close()


def test_search_works_from_a_disk(chromium: Browser) -> None:
    """Opened as a file, with no server, the search and the box for errors find pages."""
    page = chromium.new_context().new_page()
    page.goto((HTML / "search.html").as_uri() + "?q=strides")
    link = page.locator("#search-results a").first
    assert Path(str(link.get_attribute("href")).removeprefix("file://")).exists()
    page.locator("#explain textarea").fill("shape '[3]' is invalid for input of size 4")
    link = page.locator("#explain ol a").first
    assert Path(str(link.get_attribute("href")).removeprefix("file://")).exists()
    page.context.close()


def test_the_slash_key_leads_to_the_field(chromium: Browser, address: str) -> None:
    """The key "/" puts the cursor into the search field; within a field it is a letter."""
    page, _ = opened(chromium, address + "errors/index.html")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.className") == "sidebar-search"
    page.locator("#explain textarea").focus()
    page.keyboard.press("/")
    assert page.locator("#explain textarea").input_value() == "/"
    page.context.close()


def test_the_index_is_small() -> None:
    """Index, stemmer and code have at most 90 kB when compressed."""
    assert len(gzip.compress((HTML / "_static" / "search.js").read_bytes())) <= 90_000
