"""A page of the guide as parts of plain Markdown: what notebooks, scripts and texts are made of.

Pages are written in MyST. Outside the site nothing knows its roles and directives, or the page that
a link is relative to, so roles become code spans, links are made absolute, and each directive
becomes what it stands for: a formula, a heading, a list, the code of a function.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from inlining import read
from plain_text import Links, plain

LABEL = re.compile(r"\([\w-]+\)=")
COMMENT = re.compile(r"% (?P<what>skip|simulate): (?P<rest>.*)")
REASON = re.compile(r'reason="([^"]*)"')
FENCE = re.compile(r"(?P<fence>`{3,}|~{3,}|:{3,})(?P<info>.*)")
DIRECTIVE = re.compile(r"\{([\w-]+)\} ?(.*)")
# Directives that stand for nothing outside the site, of the pages that are offered as text.
LEFT_OUT = {"only", "explain-box", "errors-index", "toctree"}


@dataclass
class Part:
    """A piece of a page.

    `kind` is `text`, `code`, `picture` or `include`. `text` is the Markdown, the code with its
    prompts, the expression that draws, or the function's name. `options` hold what else there is:
    `why`, for code that isn't run in every build; `alt` and `body` of a picture; the `module` of
    `snippets` that an include is from.
    """

    kind: str
    text: str
    options: dict[str, str] = field(default_factory=dict)

    def markdown(self) -> str:
        """Return the part as plain Markdown: code with prompts and outputs, a picture in words."""
        if self.kind == "picture":
            return f"(Picture: {self.options['alt']})"
        if self.kind == "include":
            return f"```python\n{read(self.options['module']).code[self.text]}\n```"
        if self.kind == "code":
            note = f"(This block {self.options['why']}.)\n\n" if self.options.get("why") else ""
            return f"{note}```python\n{self.text}\n```"
        return self.text


def fenced(lines: list[str], start: int) -> int:
    """Return the line after the fence that opens at `start`."""
    fence = FENCE.match(lines[start])["fence"]  # type: ignore[index]
    for at in range(start + 1, len(lines)):
        if re.fullmatch(rf"{fence[0]}{{{len(fence)},}}\s*", lines[at]):
            return at + 1
    raise ValueError(f"line {start + 1}: the fence is never closed")


def options_of(lines: list[str]) -> tuple[dict[str, str], str]:
    """Return a directive's options and its body."""
    options: dict[str, str] = {}
    for at, line in enumerate(lines):
        match = re.fullmatch(r":([\w-]+):\s*(.*)", line)
        if not match:
            return options, "\n".join(lines[at:]).strip("\n")
        options[match[1]] = match[2]
    return options, ""


def directive(name: str, argument: str, inner: list[str], links: Links, why: str) -> Iterator[Part]:
    """Return the parts that a directive stands for."""
    if name in LEFT_OUT:
        return
    options, body = options_of(inner)
    if name == "draw":
        yield Part("picture", argument, options | {"body": body})
    elif name == "literalinclude":
        name = options["pyobject"].partition(".")[0]  # of a method the whole class
        yield Part("include", name, {"module": Path(argument).stem})
    elif name == "eval-rst":  # a mini-gallery: examples that show what the page is about
        yield Part("text", f"[Examples]({links.page('/gallery/index.md')[0]})")
    elif name == "math":
        yield Part("text", f"$$\n{body}\n$$")
    elif name in {"dropdown", "warning", "note"}:
        yield Part("text", f"**{plain(argument, links) or name.capitalize()}**")
        yield from parts(body, links, why)
    elif name == "glossary":
        entries = re.findall(r"^(\S.*)\n  (\S.*)$", body, re.MULTILINE)
        yield Part(
            "text", "\n".join(f"- **{term}**: {plain(gist, links)}" for term, gist in entries)
        )
    else:
        raise ValueError(f"no plain Markdown is known for {{{name}}}")


def parts(source: str, links: Links, why: str = "") -> Iterator[Part]:
    """Return the parts of a page's text, in order.

    Args:
        source: MyST Markdown, with its front matter or without.
        links: Where references lead.
        why: Why the code in it is not run in every build; empty if it is.

    Raises:
        ValueError: If a fence is open at the end, or a directive is unknown.
    """
    lines = re.sub(r"\A---\n.*?\n---\n", "", source, flags=re.DOTALL).split("\n")
    held: list[str] = []

    def flush() -> Iterator[Part]:
        text = plain("\n".join(held), links).strip("\n")
        held.clear()
        if text:
            yield Part("text", text)

    at = 0
    while at < len(lines):
        line, at = lines[at], at + 1
        comment, fence = COMMENT.match(line), FENCE.match(line)
        if comment:
            yield from flush()
            if comment["rest"] == "end":
                why = ""
            elif comment["what"] == "skip":
                why = REASON.search(comment["rest"])[1]  # type: ignore[index]
                why = f"shows {why}" if why.startswith("what ") else why
            else:
                why = "is simulated where there is no GPU"
        elif fence:
            yield from flush()
            end = fenced(lines, at - 1)
            inner, at = lines[at : end - 1], end
            named = DIRECTIVE.match(fence["info"])
            if named:
                yield from directive(named[1], named[2], inner, links, why)
            elif fence["info"] == "python":
                yield Part("code", "\n".join(inner), {"why": why} if why else {})
            else:
                yield Part("text", "\n".join(lines[at - len(inner) - 2 : at]))
        elif not LABEL.fullmatch(line) and not line.startswith("% "):
            held.append(line)
    yield from flush()
