"""Lean pages: one style element and one script each, with what the site's pages use and no more.

After the build, the style sheets of Furo and of the extensions are joined, rules and variables that
no page can use are left out, and what remains (10 kB compressed) stands in each page: on a slow
line, asking for it would take longer than the page. The scripts are joined in `site.js`, which no
page waits for. The sidebar opens the guide that the reader is in.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import rcssmin
import rjsmin
import tinycss2
from furo.navigation import get_navigation_tree
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder

# Joined into site.js, in this order; what else Sphinx and its extensions load on every page goes
# unused here (highlighting found words, tabs, tags of examples) and is dropped.
JOINED = (
    "documentation_options.js",
    "scripts/furo.js",
    "clipboard.min.js",
    "copybutton.js",
    "guide.js",
)
DROPPED = ("doctools.js", "sphinx_highlight.js", "sg-tags.js", "design-tabs.js")
NAME = re.compile(r"[.#](-?[A-Za-z_][\w-]*)|(?:^|[\s>+~,])([a-z][a-z0-9]*)")
ASIDE = re.compile(r"\[[^\]]*\]|\((?:[^()]|\([^()]*\))*\)|::?[\w-]+")  # attributes, arguments
STYLES = re.compile(r'<link [^>]*href="([^"]*)(_static/[^"?]*\.css)[^"]*"[^>]*>\n?')
JOINED_STYLE = re.compile(r'<style id="site-style" data-static="([^"]*)">[^<]*</style>\n')
ADDRESS = re.compile(r"(url\([\"']?)(?![\"']|data:|/|#|\w+:)")
PREFETCH = re.compile(r'<link [^>]*rel="prefetch"[^>]*>\n?')
SCRIPT = re.compile(r'<script[^>]* src="([^"]*)_static/([^"?]*)[^"]*"[^>]*>\s*</script>\n?')


def words_of(pages: Iterable[str], scripts: str) -> set[str]:
    """Return every tag, class and id of the pages, and every word that a script could set."""
    words = set(re.findall(r"[\w-]+", scripts))
    for page in pages:
        words.update(re.findall(r"<([a-z][a-z0-9]*)", page))
        for names in re.findall(r'(?:class|id)="([^"]*)"', page):
            words.update(names.split())
    return words


def can_match(selector: str, words: set[str]) -> bool:
    """Say whether all tags, classes and ids that the selector asks for exist somewhere."""
    return all(name in words or tag in words for name, tag in NAME.findall(ASIDE.sub("", selector)))


def pruned(css: str, words: set[str], read: set[str]) -> str:
    """Return the style sheet without rules that match nothing and variables that nothing reads."""
    kept = []
    for rule in tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True):
        if rule.type == "qualified-rule":
            selectors = split_list(tinycss2.serialize(rule.prelude))
            selectors = [selector for selector in selectors if can_match(selector, words)]
            inner = "".join(
                f"{item.serialize()};"
                for item in tinycss2.parse_blocks_contents(rule.content, True, True)
                if item.type != "declaration" or item.name[:2] != "--" or item.name in read
            )
            if selectors and inner:
                kept.append(f"{','.join(selectors)}{{{inner}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            inner = pruned(tinycss2.serialize(rule.content), words, read)
            if inner:
                kept.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}")
        else:
            kept.append(rule.serialize())
    return "\n".join(kept)


def split_list(prelude: str) -> list[str]:
    """Split a selector list at its commas, those within brackets aside.

    >>> split_list("a, b:is(c, d)")
    ['a', 'b:is(c, d)']
    """
    parts, depth = [""], 0
    for letter in prelude:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def fitted(css: str, pages: Iterable[str], scripts: str) -> str:
    """Return what the pages and scripts can use of the style sheet, without blanks."""
    words, users = words_of(pages, scripts), scripts + "".join(pages)
    less = css
    while True:  # a variable that is dropped may have been the only one to read another
        more, read = less, set(re.findall(r"var\(\s*(--[\w-]+)", less + users))
        less = pruned(more, words, read)
        if less == more:
            return str(rcssmin.cssmin(less))


def relink(page: str, css: str, sheets: set[str], script: str) -> str:
    """Return the page with the joined style sheet in it, and one script in the place of many."""
    links = [link for link in STYLES.finditer(page) if link[2] in sheets]
    before = JOINED_STYLE.search(page) if not links else links[0]
    if before is None:
        return page
    static = f"{before[1]}_static/" if links else before[1]
    here = ADDRESS.sub(lambda m: m[1] + static, css)
    style = f'<style id="site-style" data-static="{static}">{here}</style>\n'
    page = page[: before.start()] + style + page[before.end() :]
    page = PREFETCH.sub("", STYLES.sub(lambda m: "" if m[2] in sheets else m[0], page))
    first = SCRIPT.search(page)
    assert first is not None, "a page without Furo's script"
    mark = f'<script defer src="{static}{script}"></script>\n'
    gone = (*DROPPED, *JOINED, "site.js")
    rest = SCRIPT.sub(lambda m: "" if m[2] in gone else m[0], page[first.start() :])
    return page[: first.start()] + mark + rest


def join(app: Sphinx, exception: Exception | None) -> None:
    """Write the joined script, and put it and the joined style sheet into every page."""
    if exception or app.builder.name != "html":
        return
    assert isinstance(app.builder, StandaloneHTMLBuilder)
    out, static = Path(app.outdir), Path(app.outdir, "_static")
    sheets = [
        os.fspath(s.filename) for s in sorted(app.builder._css_files, key=lambda s: s.priority)
    ]
    css = "\n".join((out / name).read_text("utf-8") for name in sheets)
    script = "\n".join(rjsmin.jsmin((static / name).read_text("utf-8")) for name in JOINED)
    (static / "site.js").write_text(script, encoding="utf-8")
    version = f"site.js?v={hashlib.sha256(script.encode()).hexdigest()[:8]}"
    own = Path(app.srcdir, "_static").glob("*.js")
    scripts = script + "".join(path.read_text("utf-8") for path in own)
    files = sorted(path for path in out.rglob("*.html") if "_static" not in path.parts)
    pages = {path: path.read_text(encoding="utf-8") for path in files}
    for in_gallery in (False, True):
        group = {
            path: text
            for path, text in pages.items()
            if (path.relative_to(out).parts[0] == "gallery") == in_gallery
        }
        style = fitted(css, [JOINED_STYLE.sub("", text) for text in group.values()], scripts)
        for path, text in group.items():
            if (new := relink(text, style, set(sheets), version)) != text:
                path.write_text(new, encoding="utf-8")


def open_one_guide(
    app: Sphinx, _name: str, _template: str, context: dict[str, Any], _doctree: Any
) -> None:
    """Put only the branch of the tree that the reader is in below the sidebar's headings."""
    if "toctree" in context and app.builder.name == "html":
        tree = context["toctree"](collapse=True, titles_only=True, maxdepth=-1, includehidden=True)
        context["furo_navigation_tree"] = get_navigation_tree(tree or "")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the events, after Furo's own and after all that write pages."""
    app.connect("html-page-context", open_one_guide, priority=900)
    app.connect("build-finished", join, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
