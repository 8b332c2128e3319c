"""The site's search: an index small enough for a slow line, made while the pages are read.

For each page the words that tell it from others are kept, with a weight from 1 to 35; search.js
weighs them against the query. A page's front matter may name what readers ask it (`search: ...`).
Words are cut to stems by Sphinx's own stemmer, here and there.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import rjsmin
import snowballstemmer
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

KEPT = 60  # words of a page's text that the index keeps, besides those of its title and headings
WEIGHTS = {"title": 30.0, "asked": 12.0, "heading": 8.0, "first": 5.0, "code": 0.7, "text": 1.0}
WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:_+[A-Za-z0-9]+)*_?|[0-9]+[a-z]+")
HUMP = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]+(?![a-z])")
STEM = snowballstemmer.stemmer("english").stemWord
STOP_WORDS = """
a about after all also an and any are as at be been before being but by can could did do does
doing don each for from get gets give had has have having he her how i if in into is isn it its
itself just make me more most my need no nor not of off on once one only or other our out over
own same she should so some such than that the their them then there these they this those
through to too under until up use used very vs was we were what when where which while who whom
why will with without work would you your import print torch self def none true false
"""
STOP = frozenset(STEM(word) for word in STOP_WORDS.split())


def words(text: str) -> Iterator[str]:
    """Yield the stems of a text; a name in code yields itself, and its parts.

    >>> list(words("Tensors, requires_grad and MSELoss"))
    ['tensor', 'requires_grad', 'requir', 'grad', 'and', 'mseloss', 'mse', 'loss']
    """
    for match in WORD.finditer(text):
        word = match[0].strip("_")
        parts = [part for piece in word.split("_") for part in HUMP.findall(piece)]
        if "_" in word or len(parts) > 1:
            yield word.lower()
            yield from (STEM(part.lower()) for part in parts if len(part) > 1)
        else:
            yield STEM(word.lower())


def fields(doctree: nodes.document) -> Iterator[tuple[str, str]]:
    """Yield (kind, text) of a page: its title, headings, first paragraph, code and other text."""
    first = True
    for node in doctree.findall():
        if isinstance(node, nodes.title):
            top = isinstance(node.parent.parent, nodes.document)
            yield ("title" if top else "heading"), node.astext()
        elif isinstance(node, nodes.literal_block):
            yield "code", node.astext()
        elif isinstance(node, nodes.paragraph):
            if "error-facts" in node["classes"]:
                continue
            yield ("first" if first else "text"), node.astext()
            first = False
        elif isinstance(node, nodes.term):
            yield "heading", node.astext()


def gist(doctree: nodes.document) -> str:
    """Return the first sentences of the page, cut at a word before 160 characters."""
    for node in doctree.findall(nodes.paragraph):
        if "error-facts" not in node["classes"]:
            text = " ".join(node.astext().split())
            return text if len(text) <= 160 else text[:157].rsplit(" ", 1)[0] + " …"
    return ""


def collect(app: Sphinx, doctree: nodes.document) -> None:
    """Keep what the index needs of a page that was read."""
    found: dict[str, Counter[str]] = {kind: Counter() for kind in WEIGHTS}
    for kind, text in fields(doctree):
        found[kind].update(word for word in words(text) if word not in STOP and len(word) > 1)
    asked = app.env.metadata[app.env.docname].get("search", "")
    found["asked"].update(word for word in words(asked) if word not in STOP)
    store(app.env)[app.env.docname] = {"gist": gist(doctree), "words": found}


def store(env: BuildEnvironment) -> dict[str, Any]:
    """Return what was collected, by document."""
    if not hasattr(env, "search_pages"):
        env.search_pages = {}  # type: ignore[attr-defined]
    pages: dict[str, Any] = env.search_pages  # type: ignore[attr-defined]
    return pages


def merge(_app: Sphinx, env: BuildEnvironment, docs: set[str], other: BuildEnvironment) -> None:
    """Take over what another process read."""
    store(env).update({name: store(other)[name] for name in docs if name in store(other)})


def purge(_app: Sphinx, env: BuildEnvironment, name: str) -> None:
    """Forget a page that is read again or gone."""
    store(env).pop(name, None)


def weigh(pages: dict[str, Any]) -> dict[str, dict[int, int]]:
    """Return, for each word, the pages that are about it (by number) and how much, from 1 to 35."""
    spread: Counter[str] = Counter()
    for page in pages.values():
        spread.update(set().union(*page["words"].values()))
    index: dict[str, dict[int, int]] = {}
    for number, page in enumerate(pages.values()):
        weight: Counter[str] = Counter()
        for kind, counts in page["words"].items():
            for word, count in counts.items():
                weight[word] += WEIGHTS[kind] * (1 + math.log(count))  # type: ignore[assignment]
        fixed = (
            set(page["words"]["title"])
            | set(page["words"]["heading"])
            | set(page["words"]["first"])
        )
        rare = {
            word: value * math.log(1 + len(pages) / spread[word]) for word, value in weight.items()
        }
        rest = sorted(weight.keys() - fixed, key=lambda word: (-rare[word], word))[:KEPT]
        for word in sorted(fixed) + rest:
            index.setdefault(word, {})[number] = max(
                1, min(35, round(6 * math.log1p(weight[word])))
            )
    return index


def packed(index: dict[str, dict[int, int]]) -> str:
    """Return one line a word: the word, then for each page its distance from the last, and weight.

    >>> packed({"view": {3: 9, 40: 12}})
    'view 39 11c'
    """
    lines = []
    for word, where in sorted(index.items()):
        numbers = sorted(where)
        gaps = [b - a for a, b in zip([0, *numbers], numbers, strict=False)]
        codes = [base36(gap) + base36(where[at]) for gap, at in zip(gaps, numbers, strict=True)]
        lines.append(f"{word} {' '.join(codes)}")
    return "\n".join(lines)


def base36(number: int) -> str:
    """Return the number in digits and letters, as JavaScript's parseInt(text, 36) reads it."""
    high, low = divmod(number, 36)
    return (base36(high) if high else "") + "0123456789abcdefghijklmnopqrstuvwxyz"[low]


def trust(name: str) -> float:
    """Return less than 1 for pages that list what others explain."""
    listing = re.search(r"(pitfalls|exercises|glossary|reference/|about/|quick-reference)", name)
    beside = re.search(r"^(gallery|errors)/|/index$", name)  # errors are found by their text
    return 0.6 if listing else 0.75 if beside else 1.0


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the index, Sphinx's stemmer and the code that uses them, as one script."""
    if exception or app.builder.name != "html":
        return
    skipped = ("404", "index", "gallery/sg_execution_times")
    pages = {name: page for name, page in sorted(store(app.env).items()) if name not in skipped}
    rows = [
        [app.builder.get_target_uri(name), app.env.titles[name].astext(), page["gist"], trust(name)]
        for name, page in pages.items()
    ]
    data = {"pages": rows, "stop": " ".join(sorted(STOP)), "words": packed(weigh(pages))}
    stemmers = resources.files("sphinx.search").joinpath("minified-js")
    script = [
        stemmers.joinpath("base-stemmer.js").read_text("utf-8"),
        stemmers.joinpath("english-stemmer.js").read_text("utf-8"),
        f"const searchIndex = {json.dumps(data, ensure_ascii=False, separators=(',', ':'))};",
        rjsmin.jsmin(Path(app.srcdir, "_static", "search.js").read_text(encoding="utf-8")),
    ]
    Path(app.outdir, "_static", "search.js").write_text("\n".join(script), encoding="utf-8")


def search_page(app: Sphinx) -> list[tuple[str, dict[str, Any], str]]:
    """Return the page that shows results."""
    return [("search", {"title": "Search"}, "search.html")] if app.builder.name == "html" else []


def own_search(app: Sphinx) -> None:
    """Let Sphinx make no index of its own."""
    app.builder.search = False  # type: ignore[attr-defined]
    app.builder.dump_search_index = lambda: None  # type: ignore[attr-defined]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the events."""
    app.connect("builder-inited", own_search)
    app.connect("doctree-read", collect, priority=900)
    app.connect("env-merge-info", merge)
    app.connect("env-purge-doc", purge)
    app.connect("html-collect-pages", search_page)
    app.connect("build-finished", write)
    return {
        "version": "1",
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
