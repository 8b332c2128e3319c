"""The quick reference on paper: one sheet of A4 or Letter, legible, whole, black on white."""

import io
import unicodedata
from math import hypot
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from pypdf import PageObject, PdfReader

from tests.browser.site_pages import HTML, opened

PAPERS = {"A4": (210.0, 297.0), "Letter": (215.9, 279.4)}  # millimeters
MARGIN = 6.0  # millimeters, as the style sheet has it
POINTS = 72 / 25.4  # a millimeter
PIXELS = 96 / 25.4
SHEET = "#quick-reference > section:not(#quick-reference-old)"
OUTSIDE = """(nodes) => {
  const sheet = document.querySelector("#quick-reference");
  const {left, width} = sheet.getBoundingClientRect();
  const gap = parseFloat(getComputedStyle(sheet).columnGap);
  const step = (width + gap) / 2;
  const end = x => left + Math.floor((x - left + 1) / step) * step + step - gap;
  return nodes.filter(node => node.checkVisibility()
    && (node.tagName == "PRE" && node.scrollHeight > node.clientHeight + 2
      || [...node.getClientRects()].some(box => box.right > end(box.left) + 1)))
    .map(node => node.textContent);
}"""
COLORS = """(nodes) => nodes.filter(node => node.checkVisibility())
  .map(node => getComputedStyle(node))
  .map(style => `${style.color} on ${style.backgroundColor}`)"""
SIZES = """(nodes) => nodes.filter(node => node.checkVisibility())
  .map(node => parseFloat(getComputedStyle(node).fontSize))"""
BLACK_ON_WHITE = {
    f"rgb(0, 0, 0) on {white}" for white in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")
}
NOT_PRINTED = (">>>", "Copy", "Download", "Back to top", "Previous", "What the old names say")


def sizes(page: PageObject) -> dict[str, float]:
    """Return each font's smallest size on the paper, in points, after all scaling."""
    found: dict[str, float] = {}

    def visit(text: str, cm: list[float], tm: list[float], font: Any, size: float) -> None:
        if text.strip() and font:
            name = str(font["/BaseFont"]).partition("+")[2]
            size *= hypot(tm[2], tm[3]) * hypot(cm[2], cm[3])
            found[name] = min(size, found.get(name, size))

    page.extract_text(visitor_text=visit)
    return found


def squeezed(text: str) -> str:
    """Return the text without spaces, and letters in place of ligatures."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def on_paper(page: Page, paper: str) -> tuple[list[str], str]:
    """Print as a reader with default settings would; return what is wrong, and the text."""
    reader = PdfReader(io.BytesIO(page.pdf(format=paper)))
    wrong = [] if len(reader.pages) == 1 else [f"{len(reader.pages)} pages"]
    first = reader.pages[0]
    size = (first.mediabox.width / POINTS, first.mediabox.height / POINTS)
    if size != pytest.approx(PAPERS[paper], abs=0.5):
        wrong.append(f"another paper: {size}")
    found = sizes(first)
    code = [size for name, size in found.items() if "Mono" in name]
    if not code or min(code) < 8.99 or min(found.values()) < 7.99:
        wrong.append(f"small on paper: {found}")
    return wrong, squeezed("".join(page.extract_text() for page in reader.pages))


def faults(page: Page, paper: str) -> list[str]:
    """Return what is wrong with the page on this paper, printed and as laid out for print."""
    wrong, text = on_paper(page, paper)
    width = round((PAPERS[paper][0] - 2 * MARGIN) * PIXELS)
    page.set_viewport_size({"width": width, "height": 1000})
    page.emulate_media(media="print")
    shown = page.locator(SHEET).evaluate_all("nodes => nodes.map(node => node.innerText)")
    lines = [line for block in shown for line in block.splitlines() if line.strip()]
    wrong += [f"not on paper: {line}" for line in lines if squeezed(line) not in text]
    if len(lines) < 100:
        wrong.append(f"only {len(lines)} lines")
    code = page.locator(f"{SHEET} :is(pre, pre *, code, code *)").evaluate_all(SIZES)
    if min(code, default=0) < 12:
        wrong.append("code under 12 pixels, which are 9 points")
    cut = page.locator(f"{SHEET} :is(h2, p, pre, pre *, code, a)").evaluate_all(OUTSIDE)
    wrong += [f"outside its column: {text}" for text in cut]
    colors = set(page.locator(f"body, body :has({SHEET}), {SHEET}, {SHEET} *").evaluate_all(COLORS))
    wrong += [f"not black on white: {color}" for color in colors - BLACK_ON_WHITE]
    body = page.locator("body").inner_text()
    wrong += [f"printed, too: {words}" for words in NOT_PRINTED if words in body]
    return wrong


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("paper", PAPERS)
def test_fits_one_sheet(chromium: Browser, address: str, paper: str, scheme: str) -> None:
    """One page holds all of it, code at 9 points, in black on white whatever the theme."""
    page, wrong = opened(chromium, address + "quick-reference.html", color_scheme=scheme)
    assert not wrong + faults(page, paper)
    page.context.close()


@pytest.mark.parametrize(
    ("style", "says"),
    [
        ("pre { line-height: 1.3 !important; }", "2 pages"),
        ("pre { font-size: 8.5pt !important; }", "code under 12 pixels"),
        ("pre { font-size: 8.5pt !important; }", "small on paper"),
        ("{ min-width: 90em; }", "small on paper"),
        ("pre { width: 110%; }", "outside its column"),
        ("pre { height: 1em; overflow: hidden !important; }", "outside its column"),
        ("p { position: absolute; left: -99em; }", "not on paper"),
        ("h2 { color: #777 !important; }", "rgb(119, 119, 119) on"),
        ("h2 { background: #eee !important; }", "on rgb(238, 238, 238)"),
        (".gp { display: inline !important; }", "printed, too: >>>"),
    ],
)
def test_faults_are_found(chromium: Browser, address: str, style: str, says: str) -> None:
    """Each kind of fault, planted by a line of style, is named."""
    page, _ = opened(chromium, address + "quick-reference.html")
    page.add_style_tag(content=f"@media print {{ #quick-reference {style} }}")
    found = faults(page, "Letter")
    assert any(says in fault for fault in found), found
    page.context.close()


def test_pdf_is_offered(chromium: Browser, address: str) -> None:
    """The page offers the PDF that the docs session printed, and its links lead to the web."""
    file = HTML / "quick-reference.pdf"
    assert file.exists(), "no PDF: build the site by nox -s docs where there is a Chromium"
    page, _ = opened(chromium, address + "quick-reference.html")
    with page.expect_download() as download:
        page.locator("a.sheet-pdf").click()
    assert download.value.path().read_bytes() == file.read_bytes()
    page.context.close()
    (sheet,) = PdfReader(file).pages
    assert sheet.mediabox.width / POINTS == pytest.approx(PAPERS["A4"][0], abs=0.5)
    links = [a.get_object().get("/A", {}).get("/URI", "") for a in sheet.get("/Annots", [])]
    assert sum(link.startswith("https://pytorch-fundamentals-guide.") for link in links) > 50
    assert all(link.startswith("https://") for link in links), links
