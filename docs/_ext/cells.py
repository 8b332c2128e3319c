"""A page's parts as cells of text and of code: prompts stripped, `snippets` inlined, outputs kept.

Code that not every build can run stays text, with its outputs.
"""

from __future__ import annotations

import ast
import doctest
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from inlining import inlined
from plain_markdown import Part

# Methods that return None, so that a block which calls them shows nothing by it.
SILENT = {"append", "backward", "cleanup", "remove", "seek", "step", "write", "zero_grad"}


@dataclass
class Cell:
    """A piece of a notebook or script: text, or code with the output it was proven to have."""

    text: str
    code: bool = False
    want: str = ""
    raises: bool = False
    pictures: dict[str, str] = field(default_factory=dict)  # SVG by file name


def cells(parts: Iterable[Part], pictures: dict[str, str]) -> Iterator[Cell]:
    """Return a page's cells, first what it begins with.

    Args:
        parts: The page's parts.
        pictures: The SVG of each picture that the page draws, by its expression.
    """
    have: set[str] = set()
    for part in parts:
        if part.kind == "text":
            yield Cell(part.text)
        elif part.kind == "picture":
            name = f"{re.sub(r'[^a-z]+', '-', part.text.lower()).strip('-')[:40]}.svg"
            shown = {name: pictures[part.text]} if part.text in pictures else {}
            yield Cell(f"![{part.options['alt']}](attachment:{name})", pictures=shown)
        elif part.kind == "include":
            code = inlined(part.options["module"], [part.text], have)
            if code:
                yield Cell(code, code=True)
        else:
            why = part.options.get("why", "")
            if re.search(r"^\.\.\. .*\bsnippets\b", part.text, re.MULTILINE):
                why = "needs the guide's package in a process of its own"
            if why:
                yield Cell(f"Not run here, since it {why}:\n\n```python\n{part.text}\n```")
            else:
                yield from run(part.text, have)


def run(text: str, have: set[str]) -> Iterator[Cell]:
    """Return the cells of a fence with prompts: each ends where an output is shown."""
    held = ""
    for example in doctest.DocTestParser().get_examples(text):
        source = own(example.source, have)
        if example.exc_msg is not None:
            if held:
                yield Cell(held.rstrip(), code=True)
            message = re.sub(r"^[\w.]+\.(?=\w+(:|$))", "", example.exc_msg)
            yield Cell(source.rstrip(), True, message, raises=True)
            held = ""
        elif example.want:
            want = example.want.replace("<BLANKLINE>", "")
            yield Cell((held + echoing(source)).rstrip(), True, want)
            held = ""
        else:
            held += source
    if held:
        yield Cell(held.rstrip(), code=True)


def values(body: Iterable[ast.AST]) -> Iterator[ast.Expr]:
    """Return the values that statements in blocks would show at a prompt."""
    for node in body:
        if isinstance(node, ast.Expr) and not printing(node) and not silent(node):
            yield node
        elif isinstance(node, (ast.With, ast.For, ast.While, ast.If, ast.Try, ast.ExceptHandler)):
            yield from values(ast.iter_child_nodes(node))


def called(node: ast.Expr) -> ast.expr | None:
    """Return what the statement calls, if it is a call."""
    return node.value.func if isinstance(node.value, ast.Call) else None


def printing(node: ast.Expr) -> bool:
    """Say whether the statement is a call of print."""
    function = called(node)
    return isinstance(function, ast.Name) and function.id == "print"


def silent(node: ast.Expr) -> bool:
    """Say whether the statement is a call that is known to return None."""
    function = called(node)
    return isinstance(function, ast.Attribute) and function.attr in SILENT


def echoing(source: str) -> str:
    r"""Return a block of statements so that it shows within what a prompt would show.

    >>> print(echoing("with torch.no_grad():\n    x, y\n"), end="")
    with torch.no_grad():
        echo((x, y))
    """
    lines = [line.encode() for line in source.split("\n")]
    first = ast.parse(source).body[0]
    inner = [] if isinstance(first, ast.Expr) else list(values([first]))
    for node in sorted(inner, key=lambda node: -node.lineno):
        pair = isinstance(node.value, ast.Tuple)
        end, last = int(node.end_lineno or 0) - 1, int(node.end_col_offset or 0)
        lines[end] = lines[end][:last] + (b"))" if pair else b")") + lines[end][last:]
        start, at = node.lineno - 1, node.col_offset
        lines[start] = lines[start][:at] + (b"echo((" if pair else b"echo(") + lines[start][at:]
    return b"\n".join(lines).decode()


def own(source: str, have: set[str]) -> str:
    """Return the source of one example with imports of `snippets` replaced by what they bring."""
    if "snippets" not in source:
        return source
    node = ast.parse(source).body[0]
    if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("snippets."):
        return inlined(node.module.partition(".")[2], [a.name for a in node.names], have) + "\n"
    if isinstance(node, ast.ImportFrom) and node.module == "snippets" and len(node.names) == 1:
        name = node.names[0].name
        return f"{inlined(name, [], have)}\n\nimport sys\n\n{name} = sys.modules['__main__']\n"
    return source


def shows(code: str) -> bool:
    """Say whether the last statement is a value to show, and no call of print."""
    last = ast.parse(code).body[-1]
    return isinstance(last, ast.Expr) and not printing(last)
