"""The built site in a real Chromium: phone width, both themes, copying, nothing from elsewhere."""

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.site_pages import HTML, PAGES, opened


def test_there_is_a_site() -> None:
    """The tests below have pages to open."""
    assert "index.html" in PAGES, f"no site in {HTML}: build it first, by nox -s docs"


@pytest.mark.parametrize("name", PAGES)
def test_page_fits_a_phone(chromium: Browser, address: str, name: str) -> None:
    """At 390 pixels nothing makes the page scroll sideways; no message, no other host."""
    page, wrong = opened(
        chromium, address + name, viewport={"width": 390, "height": 844}, color_scheme="dark"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("h1").count() == 1
    assert not wrong
    page.context.close()


def contrast(page: Page, selector: str) -> float:
    """Return the WCAG contrast of the first match's text on the background behind it."""
    return float(
        page.locator(selector).first.evaluate(
            """node => {
              const channels = color => color.match(/[0-9.]+/g).map(Number);
              const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
                .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
              let behind = node;
              const clear = n => (channels(getComputedStyle(n).backgroundColor)[3] ?? 1) === 0;
              while (clear(behind) && behind.parentElement) behind = behind.parentElement;
              const ink = getComputedStyle(node).color;
              const paper = getComputedStyle(behind).backgroundColor;
              const [a, b] = [ink, paper].map(channels).map(light).sort((x, y) => y - x);
              return (a + 0.05) / (b + 0.05);
            }"""
        )
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "selector",
    ["article p", "article p a.internal", ".highlight .go", ".highlight .gr", ".highlight .gp"],
)
def test_colors_can_be_read(chromium: Browser, address: str, scheme: str, selector: str) -> None:
    """Text, links, outputs, errors and prompts reach a contrast of 4.5 in both themes."""
    url = address + "guide/tensors/view-rule.html"
    page, _ = opened(chromium, url, color_scheme=scheme)
    assert contrast(page, selector) >= 4.5
    page.context.close()


def test_dark_follows_the_system_and_is_remembered(chromium: Browser, address: str) -> None:
    """The background follows the system, and the reader's own choice outlives a reload."""
    url = address + "index.html"
    background = "getComputedStyle(document.body).backgroundColor"
    light, _ = opened(chromium, url, color_scheme="light")
    dark, _ = opened(chromium, url, color_scheme="dark")
    assert light.evaluate(background) != dark.evaluate(background)
    seen = {light.evaluate(background)}
    for _ in range(2):
        light.locator(".theme-toggle-header, .theme-toggle-content").locator(
            "visible=true"
        ).first.click()
        seen.add(light.evaluate(background))
    assert len(seen) == 2
    chosen = light.evaluate("document.body.dataset.theme")
    light.reload()
    assert light.evaluate("document.body.dataset.theme") == chosen
    light.context.close()
    dark.context.close()


def test_copying_leaves_prompts_and_outputs_behind(chromium: Browser, address: str) -> None:
    """What the copy button yields is Python that runs, and nothing else."""
    page, _ = opened(
        chromium,
        address + "guide/tensors/view-rule.html",
        permissions=["clipboard-read", "clipboard-write"],
    )
    block = page.locator(".highlight-python").first
    block.hover()
    block.locator("button.copybtn").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert ">>>" not in copied
    assert "False" not in copied
    assert copied.startswith("import torch\n")
    compile(copied, "copied", "exec")
    page.context.close()


def test_a_long_error_is_in_sight(chromium: Browser, address: str) -> None:
    """The text of an exception wraps within its block on a phone."""
    page, _ = opened(
        chromium,
        address + "guide/tensors/view-rule.html",
        viewport={"width": 390, "height": 844},
    )
    right = page.locator(".highlight .gr").evaluate_all(
        "nodes => Math.max(...nodes.map(node => node.getBoundingClientRect().right))"
    )
    assert right <= 390
    page.context.close()


def test_downloads(chromium: Browser, address: str) -> None:
    """An example offers its script and notebook, and the gallery all of them as zips."""
    page, _ = opened(chromium, address + "gallery/tensors/map_strides_to_storage.html")
    for ending in (".py", ".ipynb", ".zip"):
        link = page.locator(f".sphx-glr-download a[href$='{ending}']").first
        with page.expect_download() as download:
            link.click()
        assert download.value.path().stat().st_size > 1000
    page.goto(address + "gallery/index.html")
    assert page.locator("a[href$='_python.zip'], a[href$='_jupyter.zip']").count() >= 2
    page.context.close()


def test_gallery_and_guide_link_to_each_other(chromium: Browser, address: str) -> None:
    """Every example links to a page of a guide or an appendix that shows its card."""
    page, _ = opened(chromium, address + "gallery/index.html")
    examples = set(
        page.locator(".sphx-glr-thumbcontainer a").evaluate_all("nodes => nodes.map(n => n.href)")
    )
    assert examples
    for example in examples:
        page.goto(example)
        pages = page.locator("article :is(a[href*='guide/'], a[href*='appendix/'])").evaluate_all(
            "nodes => nodes.map(node => node.href.split('#')[0])"
        )
        cards = []
        for url in set(pages):
            page.goto(url)
            cards += page.locator(".sphx-glr-thumbcontainer a").evaluate_all(
                "nodes => nodes.map(node => node.href)"
            )
        assert any(card.split("#")[0] == example.split("#")[0] for card in cards), example
    page.context.close()
