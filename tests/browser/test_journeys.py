"""What readers come to do, from the first click to the end."""

import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.site_pages import HTML, PAGES, opened

PHONE = {"width": 390, "height": 844}


def python() -> str:
    """Return a Python that has torch: that of the session that built the site."""
    for session in ("docs", "tests"):
        found = Path(".nox", session, "bin", "python")
        if found.exists():
            return str(found.absolute())
    return pytest.fail("no session has torch yet: run nox -s docs first")


def run(script: Path, folder: Path) -> str:
    """Run a script in a folder as a reader does, without windows; return what it prints."""
    done = subprocess.run(
        [python(), script.name],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"MPLBACKEND": "agg", "HOME": str(folder), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_learner_takes_a_script_home(chromium: Browser, address: str, tmp_path: Path) -> None:
    """Landing page, guide, first page, next page, its example: the download runs."""
    page, wrong = opened(chromium, address + "index.html", accept_downloads=True)
    page.locator("article .sd-card", has_text="How is data represented").click()
    assert page.url.endswith("guide/tensors/index.html")
    page.locator("a.next-page").click()
    page.locator("a.next-page").click()
    while not page.locator(".sphx-glr-thumbcontainer a").count():
        page.locator("a.next-page").click()
    page.locator(".sphx-glr-thumbcontainer a").first.click()
    assert "/gallery/" in page.url
    with page.expect_download() as download:
        page.locator(".sphx-glr-download-python a").click()
    script = tmp_path / download.value.suggested_filename
    download.value.save_as(script)
    run(script, tmp_path)
    assert not wrong
    page.context.close()


def test_a_page_is_taken_home_as_a_script(chromium: Browser, address: str, tmp_path: Path) -> None:
    """The link below a page's heading gives a script that prints what the page shows."""
    url = address + "guide/tensors/view-rule.html"
    page, _ = opened(chromium, url, accept_downloads=True)
    with page.expect_download() as download:
        page.locator(".takeaway a", has_text="script").click()
    script = tmp_path / download.value.suggested_filename
    download.value.save_as(script)
    shown = page.locator(".highlight .go").first.inner_text().strip()
    assert shown.split("\n")[0] in run(script, tmp_path)
    page.context.close()


def test_a_practitioner_reaches_the_fix(chromium: Browser, address: str) -> None:
    """A pasted traceback leads to its page, and that to code which mends it."""
    page, wrong = opened(chromium, address + "index.html")
    page.locator("#explain textarea").fill(
        'Traceback (most recent call last):\n  File "train.py", line 3, in <module>\n'
        "    x.view(8, 400)\n"
        "RuntimeError: shape '[8, 400]' is invalid for input of size 4608\n"
    )
    page.locator("#explain a[href*='shape-is-invalid']").first.click()
    assert page.url.split("?")[0].split("#")[0].endswith("shape-is-invalid-for-input-of-size.html")
    assert page.locator("article .highlight").count() >= 2
    assert not wrong
    page.context.close()


def test_a_phone_user_copies_code_that_runs(
    chromium: Browser, address: str, tmp_path: Path
) -> None:
    """Menu, search, a page, the copy button: what is pasted has no prompts, and runs."""
    page, wrong = opened(
        chromium, address + "index.html", viewport=PHONE, has_touch=True,
        permissions=["clipboard-read", "clipboard-write"],
    )  # fmt: skip
    page.locator(".nav-overlay-icon").first.click()
    field = page.locator(".sidebar-search")
    field.fill("broadcasting")
    field.press("Enter")
    page.locator("#search-results a").first.click()
    assert "broadcasting" in page.url
    block = page.locator("div.highlight").first
    block.hover()
    block.locator("xpath=..").locator("button.copybtn").click()
    pasted = page.evaluate("navigator.clipboard.readText()")
    assert pasted.strip()
    assert ">>>" not in pasted
    script = tmp_path / "pasted.py"
    script.write_text(pasted, encoding="utf-8")
    run(script, tmp_path)
    assert not wrong
    page.context.close()


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("guide/")][::12])
def test_reading_needs_no_scripts(chromium: Browser, address: str, name: str) -> None:
    """With JavaScript off a page shows its text and code, and its links lead on."""
    page, _ = opened(chromium, address + name, java_script_enabled=False, viewport=PHONE)
    assert page.locator("article h1").is_visible()
    assert page.locator("article p").first.is_visible()
    for block in page.locator("article div.highlight pre").all():
        assert block.is_visible() or block.locator("xpath=ancestor::details").count()
    page.locator(".nav-overlay-icon").first.click()
    assert page.locator(".sidebar-tree a").first.is_visible()
    page.goto(address + name)
    following = page.locator("a.next-page, a.prev-page").first
    following.click()
    assert page.url != address + name
    page.context.close()


def test_downloads_need_no_scripts(chromium: Browser, address: str, tmp_path: Path) -> None:
    """With JavaScript off a notebook is still one click away."""
    page, _ = opened(
        chromium, address + "guide/autograd/index.html", java_script_enabled=False,
        accept_downloads=True,
    )  # fmt: skip
    with page.expect_download() as download:
        page.locator(".takeaway a", has_text="notebook").click()
    saved = tmp_path / "book.ipynb"
    download.value.save_as(saved)
    assert saved.read_bytes() == (HTML / "guide/autograd/02_autograd.ipynb").read_bytes()
    page.context.close()
