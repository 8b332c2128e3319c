"""Error pages: their front matter, the patterns made from it, and the index that lists them.

One source: the front matter of docs/errors/*.md. From it come `src/snippets/errors.json` (kept in
the repository, since the package needs it without the pages; `python docs/_ext/error_pages.py`
writes it anew) and, from the same bytes, the site's `_static/errors.js`.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parent.parent.parent
PATTERNS = ROOT / "src" / "snippets" / "errors.json"
AREAS = {
    "shapes": "Shapes",
    "types": "Types",
    "devices": "Devices",
    "autograd": "Autograd",
    "modules": "Modules",
    "saving": "Saving and loading",
    "data": "Data",
    "training": "Training",
    "memory": "Memory",
}
KINDS = {"exception": "raises", "warning": "warns", "silent": "silent"}
SCRIPTS = {"index", "errors/index", "404", "search"}  # pages with a box for tracebacks

BOX = """\
<div id="explain">
<label for="explain-text">Paste a traceback or a message. \
It is read here, in your browser, and sent nowhere.</label>
<textarea id="explain-text" rows="4" spellcheck="false" placeholder="RuntimeError: …"></textarea>
<p role="status"></p>
<ol></ol>
</div>
"""
FILTER = """\
<div class="errors-filter">
<label for="errors-filter">Filter the lists below, by any words</label>
<input type="search" id="errors-filter">
<p role="status"></p>
</div>
"""

logger = logging.getLogger(__name__)


def front_matter(path: Path) -> dict[str, Any]:
    """Return what stands between the first two lines of dashes, or an empty dictionary."""
    parts = path.read_text(encoding="utf-8").split("---\n", 2)
    return dict(yaml.safe_load(parts[1])) if len(parts) == 3 and not parts[0] else {}


def title(path: Path) -> str:
    """Return the page's first heading, without the backticks around a message."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(line[2:] for line in lines if line.startswith("# ")).strip().strip("`").strip()


def error_pages(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the facts of each error page below docs/errors, by document name."""
    return {
        f"errors/{path.stem}": {"title": title(path), **front_matter(path)}
        for path in sorted(folder.glob("*.md"))
        if path.name != "index.md"
    }


def patterns(folder: Path) -> str:
    """Return the JSON of all pages that have a message, one page a line."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    rows = [
        {
            "page": f"{name}.html",
            "title": facts["title"],
            "raises": facts["raises"],
            "first": facts["first"],
            "messages": [*facts["messages"], *facts.get("older", [])],
        }
        for name, facts in error_pages(folder).items()
        if facts["kind"] != "silent"
    ]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return f'{{"site": {json.dumps(project["urls"]["Documentation"])}, "pages": [\n{lines}\n]}}\n'


def is_book(app: Sphinx) -> bool:
    """Say whether all pages become one document, which has them in its tree or not at all."""
    return app.builder.name in ("epub", "singlehtml")


def on_site(app: Sphinx, html: str) -> list[nodes.Node]:
    """Return what only works on the site; in a book, nothing."""
    return [] if is_book(app) else [nodes.raw("", html, format="html")]


class ErrorsIndex(SphinxDirective):
    """List all error pages, by area and, within it, by message."""

    def run(self) -> list[nodes.Node]:
        """Return one section an area."""
        self.env.note_reread()
        pages = error_pages(Path(self.env.srcdir, "errors"))
        sections: list[nodes.Node] = on_site(self.env.app, FILTER)
        for area, heading in AREAS.items():
            section = nodes.section("", nodes.title("", heading), ids=[f"errors-{area}"])
            items = nodes.bullet_list(classes=["errors-list"])
            for name, facts in pages.items():
                if facts["area"] == area:
                    items += self.item(name, facts)
            section += items
            sections.append(section)
        if is_book(self.env.app):
            sections.append(self.tree(list(pages)))
        return sections

    def tree(self, pages: list[str]) -> nodes.Node:
        """Return the hidden tree that takes the pages into a book, in the order of the areas."""
        facts = error_pages(Path(self.env.srcdir, "errors"))
        pages.sort(key=lambda name: list(AREAS).index(facts[name]["area"]))
        tree = addnodes.toctree(
            parent=self.env.docname, entries=[(None, name) for name in pages], includefiles=pages,
            maxdepth=1, glob=False, hidden=True, caption=None, includehidden=False, numbered=0,
            titlesonly=True,
        )  # fmt: skip
        return nodes.container("", tree)

    def item(self, name: str, facts: dict[str, Any]) -> nodes.list_item:
        """Return a page's line: the message as a link, its class, and what to try first."""
        link = addnodes.pending_xref(
            "", nodes.literal("", facts["title"]), refdomain="std", reftype="doc",
            refdoc=self.env.docname, reftarget=f"/{name}", refexplicit=True, refwarn=True,
        )  # fmt: skip
        line = nodes.paragraph("", "", link, nodes.Text(" "))
        line += nodes.inline("", facts.get("raises") or "silent", classes=["error-class"])
        return nodes.list_item("", line, nodes.paragraph("", facts["first"]))


class ExplainBox(SphinxDirective):
    """The box for tracebacks, which explain.js brings to life."""

    def run(self) -> list[nodes.Node]:
        """Return it."""
        return on_site(self.env.app, BOX)


def check_patterns(app: Sphinx) -> None:
    """Warn if the package's patterns are not those of the pages; give the site its copy."""
    made = patterns(Path(app.srcdir, "errors"))
    if not PATTERNS.exists() or PATTERNS.read_text(encoding="utf-8") != made:
        logger.warning(
            "%s is stale: run python docs/_ext/error_pages.py", PATTERNS.relative_to(ROOT)
        )
    if app.builder.format == "html":
        script = Path(app.outdir, "_static", "errors.js")
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(f"const errorPages = {made}", encoding="utf-8")


def mark(app: Sphinx, doctree: nodes.document) -> None:
    """Keep an error page out of the sidebar; say below its title what it is about."""
    name = app.env.docname
    if not name.startswith("errors/") or name == "errors/index":
        return
    if not is_book(app):
        app.env.metadata[name]["orphan"] = ""
    facts = front_matter(Path(app.env.doc2path(name)))
    area = AREAS[facts["area"]]
    link = addnodes.pending_xref(
        "", nodes.inline("", f"all about {area.lower()}"), refdomain="std", reftype="doc",
        refdoc=name, reftarget="/errors/index", refexplicit=True, refwarn=True,
    )  # fmt: skip
    words = (
        f"{facts['raises']}, {area.lower()}. " if facts["raises"] else f"Silent, {area.lower()}. "
    )
    line = nodes.paragraph("", words, link, classes=["error-facts"])
    first = next(iter(doctree.findall(nodes.section)))
    first.insert(1, line)


def add_scripts(
    app: Sphinx, pagename: str, _template: str, context: dict[str, Any], _doctree: Any
) -> None:
    """Load the patterns and the box on the pages that have one, and nowhere else."""
    if pagename in SCRIPTS:
        context["explain_box"] = BOX
        app.add_js_file("errors.js", loading_method="defer")
        app.add_js_file("explain.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives and the events."""
    app.add_directive("errors-index", ErrorsIndex)
    app.add_directive("explain-box", ExplainBox)
    app.connect("builder-inited", check_patterns)
    app.connect("doctree-read", mark)
    app.connect("html-page-context", add_scripts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    PATTERNS.write_text(patterns(ROOT / "docs" / "errors"), encoding="utf-8")
