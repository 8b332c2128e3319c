"""Whatever a page leads to is there, and the built HTML is sound: links, anchors, files, heads."""

import ast
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.browser.site_pages import HTML, PAGES

RELATIVE = re.compile(r"\]\((?!https?:|mailto:|attachment:)([^)\s]*)\)")
VNU = "build/npm/node_modules/vnu-jar/build/dist/vnu.jar"
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)


class Reader(HTMLParser):
    """Collect what a page links to and what can be linked to in it."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.repeated: set[str] = set()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag."""
        found = dict(attrs)
        self.tags.append((tag, found))
        name = found.get("id")
        if name:
            if name in self.anchors:
                self.repeated.add(name)
            self.anchors.add(name)
        for key in ("href", "src"):
            value = found.get(key)
            if value is not None and tag != "base":
                self.links.append(value)


@cache
def read(path: Path) -> Reader:
    """Return what stands in a page."""
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    return reader


def broken(page: Path) -> Iterator[str]:
    """Return the page's links within the site that lead nowhere."""
    for link in read(page).links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        place = page
        if parts.path:
            path = unquote(parts.path)
            place = (HTML / path.lstrip("/") if path[0] == "/" else page.parent / path).resolve()
            place = place / "index.html" if place.is_dir() else place
        if not place.is_file():
            yield link
        elif parts.fragment and place.suffix == ".html":
            anchor = unquote(parts.fragment)
            if anchor not in read(place).anchors and anchor != "top":
                yield link


@pytest.mark.parametrize("page", PAGES)
def test_links_and_anchors_lead_somewhere(page: str) -> None:
    """Each link within the site leads to a file that is there, and each anchor to an id in it."""
    assert not [*broken(HTML / page)]


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    """The test above can fail: a missing page and a missing anchor are both named."""
    page = tmp_path / "page.html"
    page.write_text('<a href="gone.html"></a><a href="#gone"></a><a id="here" href="#here"></a>')
    assert [*broken(page)] == ["gone.html", "#gone"]


@pytest.mark.parametrize("page", PAGES)
def test_heads_are_whole(page: str) -> None:
    """One h1, a language, a title, a description, canonical address, and what a share shows."""
    tags = read(HTML / page).tags
    assert [tag for tag, _ in tags].count("h1") == 1
    assert next(found for tag, found in tags if tag == "html")["lang"] == "en"
    assert not read(HTML / page).repeated
    metas = {
        found.get("name") or found.get("property"): found.get("content")
        for tag, found in tags
        if tag == "meta"
    }
    if page in {"search.html", "genindex.html", "404.html", "py-modindex.html"}:
        return
    for name in ("description", "og:title", "og:description", "og:image", "og:url"):
        assert metas.get(name), name
    canonical = [found["href"] for tag, found in tags if found.get("rel") == "canonical"]
    assert canonical and all(address and address.endswith(page) for address in canonical)


def invalid(*pages: Path) -> set[tuple[str, str]]:
    """Return the name of each page that the Nu checker finds an error in, and the error."""
    java = shutil.which("java")
    if java is None:
        pytest.exit("the browser session needs Java: apt-get install default-jre-headless", 2)
    command = [java, "-jar", VNU, "--format", "json", "--errors-only", "--exit-zero-always"]
    done = subprocess.run([*command, *map(str, pages)], capture_output=True, check=True)
    found = json.loads(done.stderr)["messages"]
    return {(unquote(urlsplit(each["url"]).path), each["message"]) for each in found}


def test_html_is_valid() -> None:
    """The Nu checker finds no error in any page."""
    assert invalid(*(HTML / page for page in PAGES)) == set()


def test_invalid_html_is_seen(tmp_path: Path) -> None:
    """The test above can fail."""
    page = tmp_path / "page.html"
    page.write_text('<!doctype html><html lang="en"><title>x</title><div tooltip="y"></div>')
    assert len(invalid(page)) == 1


def test_takeaways_are_there_and_point_out_of_themselves() -> None:
    """Every notebook is of one format and every link in it and in each text is absolute."""
    books = sorted(HTML.glob("guide/**/*.ipynb")) + sorted(HTML.glob("appendix/**/*.ipynb"))
    assert len(books) > 100
    for book in books:
        content = json.loads(book.read_text(encoding="utf-8"))
        assert content["nbformat"] == 4
        for cell in content["cells"]:
            if cell["cell_type"] == "markdown":
                text = CODE.sub("", "".join(cell["source"]))
                assert not RELATIVE.findall(text), book
                attached = set(re.findall(r"\]\(attachment:([^)]*)\)", text))
                assert attached == set(cell.get("attachments", {})), book
    for page in sorted(HTML.glob("**/*.md")):
        assert not RELATIVE.findall(CODE.sub("", page.read_text(encoding="utf-8"))), page


def test_gallery_notebooks_hold_the_code_of_their_scripts() -> None:
    """What a gallery notebook runs is its script, which the tests ran alone."""
    scripts = {path.stem: path for path in HTML.glob("_downloads/*/*.py")}
    books = {path.stem: path for path in HTML.glob("_downloads/*/*.ipynb")}
    assert books.keys() == scripts.keys()
    assert len(books) > 30
    for name, book in books.items():
        content = json.loads(book.read_text(encoding="utf-8"))
        cells = ["".join(c["source"]) for c in content["cells"] if c["cell_type"] == "code"]
        script = ast.parse(scripts[name].read_text(encoding="utf-8"))
        script.body = script.body[1:]  # the docstring is the notebook's first text
        assert ast.dump(ast.parse("\n".join(cells))) == ast.dump(script), name


def test_lists_and_zips_are_whole() -> None:
    """llms.txt lists a text that is there for each page; the zips hold every file once."""
    head = [found for tag, found in read(HTML / "index.html").tags if tag == "link"]
    (canonical,) = [found["href"] or "" for found in head if found.get("rel") == "canonical"]
    listed = re.findall(r"\]\(([^)]*)\)", (HTML / "llms.txt").read_text("utf-8"))
    texts = {address.removeprefix(canonical.removesuffix("index.html")) for address in listed}
    assert texts == {path.relative_to(HTML).as_posix() for path in HTML.glob("**/*.md")}
    whole = (HTML / "llms-full.txt").read_text("utf-8")
    assert all((HTML / text).read_text("utf-8").strip() in whole for text in texts)
    for kind, suffix in (("notebooks", "ipynb"), ("scripts", "py")):
        with zipfile.ZipFile(HTML / "downloads" / f"{kind}.zip") as archive:
            names = archive.namelist()
            assert archive.testzip() is None
        own = {
            f"{kind}/{path.relative_to(HTML).as_posix()}"
            for path in HTML.glob(f"guide/**/*.{suffix}")
        }
        assert own <= set(names)
        assert len(names) == len(set(names)) > 130
