"""Put beside each page what readers take along: a notebook, a script, its text as plain Markdown.

A guide's first page offers the whole guide. `llms.txt` lists the texts, `llms-full.txt` holds them
all, and `downloads/` the zips of all notebooks and all scripts.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from addresses import links_of
from cells import Cell, cells
from pictures import drawn
from plain_markdown import Part, parts
from sphinx.application import Sphinx
from takeaway import notebook, script
from zip_folder import zip_files

OFFERED = ("guide/", "appendix/")  # pages that are offered as notebook and script
TEXTS = (*OFFERED, "errors/", "quick-reference", "glossary")  # pages that are offered as text


def in_order(folder: Path) -> list[str]:
    """Return the names of a guide's pages in reading order, its first page first."""
    index = (folder / "index.md").read_text(encoding="utf-8")
    tree = re.search(r"^```\{toctree\}\n(?::.*\n)*\n(.*?)^```", index, re.MULTILINE | re.DOTALL)
    return ["index", *(tree[1].split() if tree else [])]


def file_name(page: str, order: list[str]) -> str:
    """Return the name, without suffix, of the files that a page offers.

    >>> file_name("guide/autograd/hooks", ["tensors", "autograd"])
    'guide/autograd/hooks'
    >>> file_name("guide/autograd/index", ["tensors", "autograd"])
    'guide/autograd/02_autograd'
    """
    folder, _, name = page.rpartition("/")
    guide = posixpath.basename(folder)
    return f"{folder}/{order.index(guide) + 1:02}_{guide}" if name == "index" else page


def text_of(found: list[Part]) -> str:
    """Return a page's parts as one plain Markdown text."""
    return "\n\n".join(part.markdown() for part in found) + "\n"


def texts(app: Sphinx) -> list[str]:
    """Return the pages that are offered as text, in reading order."""
    root, order = Path(app.srcdir), app.config.guide_order
    guides = [f"{folder}{guide}" for guide in order for folder in OFFERED]
    names = [
        f"{guide}/{page}"
        for guide in guides
        if (root / guide).is_dir()
        for page in in_order(root / guide)
    ]
    rest = sorted(name for name in app.env.found_docs if name.startswith(TEXTS))
    return [*names, *(name for name in rest if name not in names)]


def stale(app: Sphinx) -> bool:
    """Say whether anything that the files are made of is newer than they are."""
    last = Path(app.outdir, "llms-full.txt")
    root = Path(app.srcdir).parent
    sources = [root / "docs", root / "src", root / "gallery", root / "pyproject.toml"]
    every = [path for source in sources for path in (source, *source.rglob("*"))]
    made = last.stat().st_mtime_ns if last.exists() else 0
    return any(path.stat().st_mtime_ns > made for path in every if path.is_file())


def write(app: Sphinx, error: Exception | None) -> None:
    """Write all files, if anything has changed since."""
    if error or app.builder.name != "html" or not stale(app):
        return
    out, base, order = Path(app.outdir), app.config.html_baseurl, app.config.guide_order
    names = texts(app)
    made: dict[str, list[Cell]] = {}
    whole: dict[str, str] = {}
    for name in names:
        source = Path(app.env.doc2path(name)).read_text(encoding="utf-8")
        found = list(parts(source, links_of(app, name)))
        whole[name] = text_of(found)
        (out / f"{name}.md").write_text(whole[name], "utf-8")
        if name.startswith(OFFERED):
            pictures = {
                part.text: drawn(part.text, part.options["body"], part.options["alt"])
                for part in found
                if part.kind == "picture"
            }
            made[name] = list(cells(found, pictures))
    files: dict[str, dict[str, Path]] = {".ipynb": {}, ".py": {}}
    for name, own in made.items():
        folder, _, page = name.rpartition("/")
        chosen = [own]
        if page == "index":
            chosen = [made[f"{folder}/{each}"] for each in in_order(Path(app.srcdir, folder))]
        address = base + app.builder.get_target_uri(name)
        place = file_name(name, order)
        for suffix, text in (
            (".ipynb", notebook(address, chosen)),
            (".py", script(address, chosen)),
        ):
            files[suffix][f"{place}{suffix}"] = out / f"{place}{suffix}"
            (out / f"{place}{suffix}").write_text(text, "utf-8")
    (out / "downloads").mkdir(exist_ok=True)
    for suffix, kind in ((".ipynb", "notebooks"), (".py", "scripts")):
        found_there = Path(app.srcdir, "gallery").rglob(f"*{suffix}")
        examples = {path.relative_to(app.srcdir).as_posix(): path for path in found_there}
        zip_files(out / "downloads" / f"{kind}.zip", files[suffix] | examples)
    lines = [f"# {app.config.project}", "", f"> {app.config.guide_summary}", "", "## Pages", ""]
    lines += [f"- [{app.env.titles[name].astext()}]({base}{name}.md)" for name in names]
    if "published" in app.config.guide_forge:  # what Binder installs
        needs = "matplotlib\nnumpy\nscikit-learn\ntorch\n"
        (out / "requirements.txt").write_text(needs, "utf-8")
    (out / "llms.txt").write_text("\n".join(lines) + "\n", "utf-8")
    (out / "llms-full.txt").write_text("\n".join(whole.values()), "utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the settings and the events."""
    app.add_config_value("guide_order", [], "html", list)
    app.add_config_value("guide_summary", "", "", str)
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
