"""The built site, served on this machine, and the system's Chromium."""

import http.server
import threading
from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Browser, sync_playwright
from print_page import FLAGS, find_chromium

from tests.browser.site_pages import HTML

HEADERS = (HTML / "_headers").read_text("utf-8").splitlines()[1:]


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serve files with the headers that the site asks for, and no line on the terminal for each."""

    def end_headers(self) -> None:
        """Add the headers of `_headers`."""
        for line in HEADERS:
            self.send_header(*line.strip().split(": ", 1))
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Serve the built site on this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(HTML)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium, or say how to get it."""
    found = find_chromium()
    if found is None:
        pytest.exit("the browser session needs Chromium: apt-get install chromium", returncode=2)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()
