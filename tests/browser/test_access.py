"""Axe finds nothing to mend: every eighth page, in both themes and at two widths by turns.

AXE_EVERY=1 in the environment takes every page.
"""

import os

import pytest
from playwright.sync_api import Browser

from tests.browser.site_pages import PAGES, opened

AXE = "build/npm/node_modules/axe-core/axe.min.js"
EVERY = int(os.environ.get("AXE_EVERY", "8"))
SAMPLE = sorted({*PAGES[::EVERY], "index.html", "404.html", "search.html", "errors/index.html"})
LOOKS = [(width, scheme) for width in (390, 1280) for scheme in ("light", "dark")]


@pytest.mark.parametrize("name", SAMPLE)
def test_axe_finds_nothing(chromium: Browser, address: str, name: str) -> None:
    """No rule of axe-core is broken on the page."""
    width, scheme = LOOKS[SAMPLE.index(name) % len(LOOKS)]
    page, _ = opened(
        chromium,
        address + name,
        viewport={"width": width, "height": 844},
        color_scheme=scheme,
        bypass_csp=True,
    )
    page.add_script_tag(path=AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    page.context.close()
    assert not [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in found]
