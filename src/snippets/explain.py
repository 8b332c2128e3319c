"""Find the page that explains an error: `python -m snippets.explain < traceback.txt`.

It needs no network and no torch: the patterns of all error pages come with the package.
`add_hook()` adds one line with the page's address below each uncaught exception.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import TracebackType
from typing import Any

TAIL = 200_000  # characters at the end of a text that are looked at: the message stands there
GAP = 400  # characters that {text} stands for, at most
TRIES = 20  # places where a pattern is tried, from the last one back
# What a hole of a pattern takes. Each takes as much as it can and gives nothing back, so that
# looking costs time in proportion to the text. docs/_static/explain.js has the same table.
KINDS = {
    "int": r"-?[0-9]+",
    "number": r"-?(?:[0-9]+(?:\.[0-9]*)?(?:e[+-]?[0-9]+)?|nan|inf)",
    "shape": r"torch\.Size\(\[[0-9, ]*\]\)|\[[0-9, ]*\]|\([0-9, ]*\)",
    "word": r"[A-Za-z0-9_]+(?:[.:-]+[A-Za-z0-9_]+)*",
    "text": "",
}
HOLE = re.compile(r"\{(?:([a-z][a-z0-9 ]*):)?(int|number|shape|word|text)\}")
NOISE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|^E {2,}", re.MULTILINE)  # colors; pytest's margin
BLANKS = re.compile(r"[\x00-\x20\x7f\xa0]+")
VARYING = re.compile(
    r"torch\.Size\(\[[^\]]*\]\)|'[^']*'|\"[^\"]*\"|\[[^\]]*\]|\([0-9, x]*\)|[0-9]+(?:\.[0-9]*)?|#+"
)
NAMED = re.compile(r"^[A-Za-z_.]+(?:Error|Exception|Warning): ")


@dataclass(frozen=True, slots=True)
class Match:
    """A page that explains the text, and what the text says where messages vary."""

    address: str  # of the page
    title: str  # the message as the page has it
    raises: str  # the class of the exception or warning
    first: str  # what to try first
    parts: tuple[tuple[str, str], ...]  # (what it is, what stood there), in the text's order


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    weight: int  # letters that had to be there
    parts: tuple[tuple[str, str], ...]


def explain(problem: str | BaseException) -> list[Match]:
    """Return the pages that explain a traceback, a message or an exception, best first.

    Of a text, the last 200,000 characters are looked at; of an exception, its message and those of
    the exceptions it came from. What matches later in the text comes first, since that is what
    ended the program; of two patterns for one place, the one that says more. A piece of a message
    (three words or more) is enough if nothing whole is there. No match gives an empty list.

    >>> for match in explain("RuntimeError: shape '[4, 2]' is invalid for input of size 6"):
    ...     print(match.raises, match.parts)
    RuntimeError (('shape asked for', '[4, 2]'), ('elements there', '6'))
    >>> explain("KeyError: 'colour'")
    []
    """
    text = cleaned(problem if isinstance(problem, str) else _messages(problem))
    site, pages = _patterns()
    found = []
    for page in pages:
        hits = [
            hit for pattern in page["messages"] if (hit := _find(pattern, page["raises"], text))
        ]
        if hits:
            found.append((max(hits, key=lambda hit: hit.weight), page))
    if not found:
        found = [(hit, page) for page in pages if (hit := _find_piece(page["messages"], text))]
    return [
        Match(site + page["page"], page["title"], page["raises"], page["first"], hit.parts)
        for hit, page in _ranked(found)
    ]


def cleaned(text: str) -> str:
    r"""Return the end of the text in one line: colors, margins and control characters taken out.

    >>> cleaned("E       RuntimeError: Error(s)\nE       \tMissing  key(s)")
    'RuntimeError: Error(s) Missing key(s)'
    """
    return BLANKS.sub(" ", NOISE.sub("", text[-TAIL:])).strip()


def pieces(pattern: str) -> list[tuple[str, str, str]]:
    """Split a pattern into (literal, label, kind); the label and kind of the last are empty.

    >>> pieces("index {index:int} is out of {text}")
    [('index ', 'index', 'int'), (' is out of ', 'text', 'text'), ('', '', '')]
    """
    parts, at = [], 0
    pattern = BLANKS.sub(" ", pattern)
    for hole in HOLE.finditer(pattern):
        parts.append((pattern[at : hole.start()], hole[1] or hole[2], hole[2]))
        at = hole.end()
    return [*parts, (pattern[at:], "", "")]


def add_hook() -> Callable[[], None]:
    """Add a line with the page's address below each uncaught exception; return what removes it.

    In a script the hook runs after the one that was there, in IPython and Jupyter after the cell's
    traceback was shown, so that the exception itself is shown as ever, and first. Nothing is added
    when no page matches. Use it at the top of a script or in a first cell:

    >>> import sys
    >>> before = sys.excepthook
    >>> remove = add_hook()
    >>> remove()
    >>> sys.excepthook is before
    True
    """
    shell = _ipython()
    if shell is not None:

        def after_cell(result: Any) -> None:
            _say(result.error_before_exec or result.error_in_exec)

        shell.events.register("post_run_cell", after_cell)
        return lambda: shell.events.unregister("post_run_cell", after_cell)
    previous = sys.excepthook

    def hook(kind: type[BaseException], value: BaseException, trace: TracebackType | None) -> None:
        previous(kind, value, trace)
        _say(value)

    def remove() -> None:
        if sys.excepthook is hook:
            sys.excepthook = previous

    sys.excepthook = hook
    return remove


def _say(error: BaseException | None) -> None:
    """Write the line for the best page, if there is one, to standard error."""
    matches = [] if error is None else explain(error)
    if matches and sys.stderr is not None:
        print(f"explained at {matches[0].address}", file=sys.stderr)


def _ipython() -> Any:
    """Return the running IPython shell; None in a plain interpreter."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module else None


def _messages(error: BaseException) -> str:
    """Return the messages of an exception and of those it came from, the oldest first."""
    texts: list[str] = []
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        texts.append("".join(traceback.format_exception_only(link)))
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return "\n".join(reversed(texts))


@cache
def _patterns() -> tuple[str, list[dict[str, Any]]]:
    """Return the site's address and the pages with their patterns."""
    data = json.loads(resources.files("snippets").joinpath("errors.json").read_text("utf-8"))
    return data["site"], data["pages"]


def _find(pattern: str, raises: str, text: str) -> _Found | None:
    """Return the last place where the pattern stands in the cleaned text."""
    parts = pieces(pattern)
    first = 1 if parts[0][0] == "" else 0
    start = len(text)
    for _ in range(TRIES):
        start = text.rfind(parts[first][0], 0, start)
        if start < 0:
            return None
        if found := _match_at(parts, first, raises, text, start):
            return found
    return None


def _match_at(
    parts: Sequence[tuple[str, str, str]], first: int, raises: str, text: str, start: int
) -> _Found | None:
    """Match the pattern with its first literal at `start`."""
    read: list[tuple[str, str]] = []
    begin = start
    if first:  # the pattern begins with a hole: it is read backwards from the literal after it
        before = text[max(0, start - GAP) : start]
        tail = re.search(f"(?:{KINDS[parts[0][2]]})$", before)
        if tail is None:
            return None
        read.append((parts[0][1], tail[0]))
        begin -= len(tail[0])
    at = start + len(parts[first][0])
    for (_, label, kind), (literal, _, _) in zip(parts[first:], parts[first + 1 :], strict=False):
        if kind == "text":
            end = text.find(literal, at, at + GAP + len(literal)) if literal else len(text)
        else:
            taken = re.compile(KINDS[kind]).match(text, at)
            end = taken.end() if taken else -1
        if end < 0 or not text.startswith(literal, end):
            return None
        read.append((label, text[at : min(end, at + GAP)]))
        at = end + len(literal)
    weight = sum(len(literal) for literal, _, _ in parts)
    weight += 10 * text.endswith(raises + ": ", 0, begin)
    return _Found(begin, at, weight, tuple(read))


def _skeleton(text: str) -> str:
    """Return the text with one mark for each thing that varies."""
    return VARYING.sub("#", text).replace("(#)", "#").casefold()


def _find_piece(patterns: Sequence[str], text: str) -> _Found | None:
    """Return a match if the whole text is a piece of a message, its varying parts aside."""
    piece = NAMED.sub("", text)
    if len(piece) > GAP or len(piece) < 12 or piece.count(" ") < 2:
        return None
    wanted = _skeleton(piece).strip("# ")
    for pattern in patterns:
        whole = _skeleton(HOLE.sub("0", pattern))
        if wanted.count(" ") >= 2 and wanted in whole:
            return _Found(0, len(text), len(wanted), ())
    return None


def _ranked(found: list[tuple[_Found, Any]]) -> Iterator[tuple[_Found, Any]]:
    """Order matches: the last place in the text first; in one place, the weightiest first."""
    places: list[list[tuple[_Found, Any]]] = []
    for hit, page in sorted(found, key=lambda pair: -pair[0].weight):
        for place in places:
            leader = place[0][0]
            if hit.start < leader.end and leader.start < hit.end:
                place.append((hit, page))
                break
        else:
            places.append([(hit, page)])
    for place in sorted(places, key=lambda place: -place[0][0].end):
        yield from place


def main(arguments: Sequence[str] | None = None) -> int:
    """Read a traceback from standard input, print the pages that explain it, best first.

    Returns 0, or 1 when no page matches.

    >>> from io import BytesIO, TextIOWrapper
    >>> from unittest.mock import patch
    >>> typed = TextIOWrapper(BytesIO(b"RuntimeError: shape '[5]' is invalid for input of size 4"))
    >>> with patch("sys.stdin", typed):
    ...     status = main([])
    RuntimeError: shape '[4, 2]' is invalid for input of size 6
      shape asked for: [5]
      elements there: 4
      first: Print the shape and multiply its sizes; the product must be the number of elements.
      explained at https://pytorch-fundamentals-guide.readthedocs.io/en/latest/errors/shape-is-invalid-for-input-of-size.html
    """
    argparse.ArgumentParser(prog="python -m snippets.explain", description=__doc__).parse_args(
        arguments
    )
    if sys.stdin.isatty():
        print("Paste the traceback or its last line, then end the input.", file=sys.stderr)
    matches = explain(sys.stdin.buffer.read().decode("utf-8", "replace"))
    if not matches:
        print("No page explains this message: does it come from PyTorch?", file=sys.stderr)
        return 1
    for match in matches:
        print(f"{match.raises}: {match.title}" if match.raises else match.title)
        for label, value in match.parts:
            print(f"  {label}: {value}")
        print(f"  first: {match.first}\n  explained at {match.address}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
