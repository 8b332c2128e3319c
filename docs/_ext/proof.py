"""What proved a page, said at its foot and at each block that did not run as it stands.

Test runs leave records (records.py). This extension believes those whose hash is the page's,
repeats what they say, and says nothing of a page that has none.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from gallery_run import torch_facts
from proof_words import build, foot, joined, marks, ran_on
from records import FOLDER, Record, RefusedError, load, split
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

logger = logging.getLogger(__name__)
TABLES = ("about/proof", "index")  # the pages that have a table or the sums of all records
Legs = dict[str, dict[str, Record]]  # by leg, records by the name of the file that they are about


def read(app: Sphinx) -> None:
    """Read the records of all legs; refuse, with a warning, what can't be believed."""
    legs: Legs = {}
    root = Path(app.srcdir).parent
    for path in sorted((root / FOLDER).glob("*.json")):
        place = path.relative_to(root)
        again = f"nox -s tests{'' if path.stem == 'cpu' else f'-{path.stem}'}"
        try:
            legs[path.stem], stale = split(root, load(path))
        except RefusedError as error:
            logger.warning("%s: refused: %s; %s writes it anew", place, error, again)
            continue
        if stale:
            names = ", ".join(stale[:3]) + (f" and {len(stale) - 3} more" if stale[3:] else "")
            logger.warning("%s: stale, changed since: %s; %s proves again", place, names, again)
    app.proof = legs  # type: ignore[attr-defined]


def legs_of(app: Sphinx) -> Legs:
    """Return what was read."""
    legs: Legs = app.proof  # type: ignore[attr-defined]
    return legs


def source_of(app: Sphinx, page: str) -> str:
    """Return the name of the file that a page was made from, as records have it."""
    script = Path(app.srcdir).parent / f"{page}.py"
    if page.startswith("gallery/") and script.is_file():
        return f"{page}.py"
    return Path(app.env.doc2path(page)).relative_to(Path(app.srcdir).parent).as_posix()


def records_of(app: Sphinx, page: str) -> list[Record]:
    """Return the page's records, one for each leg that has one."""
    name = source_of(app, page)
    return [records[name] for records in legs_of(app).values() if name in records]


def changed(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return the pages of which the records say something else than at the last build."""
    new = {page: repr(records_of(app, page)) for page in env.all_docs}
    new |= dict.fromkeys(TABLES, repr(legs_of(app)))
    old: dict[str, str] = getattr(env, "proof_said", {})
    env.proof_said = new  # type: ignore[attr-defined]
    return [page for page in env.all_docs if new[page] != old.get(page)]


def mark_blocks(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put words above each block that was simulated or skipped on some leg."""
    found = records_of(app, page)
    for block in list(doctree.findall(nodes.literal_block)):
        if block.get("language") == "python" and block.line is not None:
            last = block.line + block.astext().count("\n") + 1
            for text in marks(found, block.line, last):
                mark = nodes.paragraph("", text, classes=["proof-mark"])
                block.parent.insert(block.parent.index(block), mark)


def about_script(app: Sphinx, page: str) -> str:
    """Return what is known of a script's runs; nothing if it failed in this build."""
    failed = {Path(path).stem for path in app.config.sphinx_gallery_conf["failing_examples"]}
    if Path(page).name in failed:
        return ""
    alone = joined(ran_on(record) for record in records_of(app, page))
    text = f"This script ran without a warning when its page was made, on {build(*torch_facts())}"
    return text + (f", and alone in an empty folder on {alone}." if alone else ".")


def add_foot(
    app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: nodes.document | None
) -> None:
    """Put the foot below the page's text."""
    if app.builder.name != "html" or page not in app.env.all_docs:
        return
    script = source_of(app, page).startswith("gallery/")
    text = about_script(app, page) if script else foot(records_of(app, page))
    if text:
        link = f'<a href="{context["pathto"](TABLES[0])}">How the guide is proven</a>'
        context["body"] += f'<footer class="proof"><p>{escape(text)} {link}.</p></footer>'


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the events."""
    app.connect("builder-inited", read)
    app.connect("env-updated", changed)
    app.connect("doctree-resolved", mark_blocks)
    app.connect("html-page-context", add_foot)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
