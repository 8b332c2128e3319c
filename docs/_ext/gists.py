"""The gist of a link's target, shown on hover and focus: first words of a page, section or term.

`_static/gists.js` holds them all; guide.js loads it when a reader first rests on a link.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

LENGTH = 240  # characters that a gist has at most


def shortened(text: str) -> str:
    r"""Return the text in one line, cut after a word.

    >>> shortened("A view  shares\nstorage.")
    'A view shares storage.'
    """
    line = " ".join(text.split())
    return line if len(line) <= LENGTH else line[: LENGTH - 2].rsplit(" ", 1)[0] + " …"


def first_words(node: nodes.Element) -> str:
    """Return the first paragraph below the node that says something; empty if there is none."""
    for paragraph in node.findall(nodes.paragraph):
        if "error-facts" not in paragraph["classes"] and paragraph.astext().strip():
            return shortened(paragraph.astext())
    return ""


def collect(app: Sphinx, doctree: nodes.document) -> None:
    """Keep the gist of the page, of its labelled sections and of the terms it defines."""
    found = {"": first_words(doctree)}
    labels = set(doctree.nameids.values())
    for section in doctree.findall(nodes.section):
        for name in labels.intersection(section["ids"]):
            found[name] = first_words(section)
    for item in doctree.findall(nodes.definition_list_item):
        for term in item.findall(nodes.term):
            for name in term["ids"]:
                found[name] = first_words(item)
    store(app.env)[app.env.docname] = {name: text for name, text in found.items() if text}


def store(env: BuildEnvironment) -> dict[str, dict[str, str]]:
    """Return what was collected, by document."""
    if not hasattr(env, "gists"):
        env.gists = {}  # type: ignore[attr-defined]
    gists: dict[str, dict[str, str]] = env.gists  # type: ignore[attr-defined]
    return gists


def merge(_app: Sphinx, env: BuildEnvironment, docs: set[str], other: BuildEnvironment) -> None:
    """Take over what another process read."""
    store(env).update({name: store(other)[name] for name in docs if name in store(other)})


def purge(_app: Sphinx, env: BuildEnvironment, name: str) -> None:
    """Forget a page that is read again or gone."""
    store(env).pop(name, None)


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the gists by address, below the site's root."""
    if exception or app.builder.name != "html":
        return
    rows = {
        app.builder.get_target_uri(name) + (f"#{anchor}" if anchor else ""): text
        for name, found in sorted(store(app.env).items())
        for anchor, text in sorted(found.items())
    }
    data = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    Path(app.outdir, "_static", "gists.js").write_text(f"window.gists = {data};\n", "utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the events."""
    app.connect("doctree-read", collect, priority=900)
    app.connect("env-merge-info", merge)
    app.connect("env-purge-doc", purge)
    app.connect("build-finished", write)
    return {
        "version": "1",
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
