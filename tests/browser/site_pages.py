"""The built site, and pages of it opened in Chromium: what the browser tests share."""

import os
from pathlib import Path

from playwright.sync_api import Browser, Page, Request

HTML = Path(os.environ.get("SITE", "build/cpu/html")).resolve()
PAGES = sorted(
    path.relative_to(HTML).as_posix()
    for path in HTML.rglob("*.html")
    if not path.relative_to(HTML).as_posix().startswith("_")
)


def opened(browser: Browser, url: str, **context: object) -> tuple[Page, list[str]]:
    """Open the page; return it with what went wrong: messages, failures, requests elsewhere."""
    page = browser.new_context(**context).new_page()  # type: ignore[arg-type]
    wrong: list[str] = []

    def check(request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1", "data:", "blob:")):
            wrong.append(f"asked another host: {request.url}")

    page.on("request", check)
    page.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(url)
    return page, wrong
