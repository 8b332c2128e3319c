"""Error pages: each proves its message, is found by it whatever varies, and is no stub."""

import random
import re
import string
from pathlib import Path
from typing import Any

import pytest
from error_pages import AREAS, KINDS, PATTERNS, error_pages, patterns

from snippets.explain import HOLE, cleaned, explain, pieces
from snippets.explain import KINDS as HOLES

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "errors"
PAGES = error_pages(FOLDER)
LOUD = {name: facts for name, facts in PAGES.items() if facts["kind"] != "silent"}
KEYS = {"title", "area", "kind", "raises", "first", "messages"}


def source(name: str) -> str:
    """Return the page's text below its front matter."""
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8").split("---\n", 2)[2]


def shown(text: str) -> str:
    """Return what the page's fences show, without prompts: outputs and error texts."""
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return "\n".join(line for line in lines if not line.startswith((">>> ", "... ")))


def words(text: str) -> int:
    """Count the words of the prose: no code, no skips, no headings' marks."""
    text = re.sub(r"^```.*?^```$|^%[^\n]*$|^\|[-| ]+\|$", "", text, flags=re.MULTILINE | re.DOTALL)
    return len(re.findall(r"[\w'`.]*\w[\w'`.]*", text))


def filled(pattern: str, chance: random.Random) -> str:
    """Return the pattern with something at random in each of its holes."""

    def word() -> str:
        return "".join(chance.choices(string.ascii_letters + "_", k=chance.randint(1, 12)))

    def sizes() -> str:
        return ", ".join(str(chance.randint(0, 10**6)) for _ in range(chance.randint(0, 5)))

    make = {
        "int": lambda: str(chance.randint(-9, 10**9)),
        "number": lambda: repr(chance.uniform(-10, 10)),
        "shape": lambda: chance.choice(["[{}]", "torch.Size([{}])", "({})"]).format(sizes()),
        "word": lambda: ".".join(word() for _ in range(chance.randint(1, 3))),
        "text": lambda: " ".join(word() for _ in range(chance.randint(1, 20))),
    }
    assert make.keys() == HOLES.keys()
    return HOLE.sub(lambda hole: make[hole[2]](), pattern)


TRACEBACK = """\
Traceback (most recent call last):
  File "/home/me/train.py", line {line}, in <module>
    {name} = model(batch)
             ^^^^^^^^^^^^
  File "/usr/lib/python3/site-packages/torch/nn/modules/module.py", line 1779, in _call_impl
    return forward_call(*args, **kwargs)
{raises}: {message}
"""


def varied(name: str, facts: dict[str, Any], seed: int) -> list[str]:
    """Return tracebacks that end with the page's messages, what varies in them made up."""
    chance = random.Random(f"{name} {seed}")
    return [
        TRACEBACK.format(
            line=chance.randint(1, 999), name="out", raises=facts["raises"],
            message=filled(pattern, chance),
        )
        for pattern in [*facts["messages"], *facts.get("older", [])]
    ]  # fmt: skip


def test_there_are_enough_pages() -> None:
    """The counts that the site claims."""
    kinds = [facts["kind"] for facts in PAGES.values()]
    assert kinds.count("exception") >= 96
    assert kinds.count("warning") >= 16
    assert kinds.count("silent") >= 16


@pytest.mark.parametrize("name", PAGES)
def test_front_matter(name: str) -> None:
    """The facts are complete, known and usable."""
    facts = PAGES[name]
    assert KEYS <= facts.keys() <= KEYS | {"older"}
    assert facts["area"] in AREAS
    assert facts["kind"] in KINDS
    assert facts["first"].endswith(".")
    assert (facts["kind"] == "silent") == (not facts["messages"]) == (facts["raises"] is None)
    for pattern in [*facts["messages"], *facts.get("older", [])]:
        parts = pieces(pattern)
        assert max(len(literal) for literal, _, _ in parts) >= 8, "nothing to hold on to"
        assert sum(kind == "text" for _, _, kind in parts) <= 3
        assert parts[0][0] or parts[0][2] not in ("", "text"), "can't begin with {text}"
        assert all(literal for literal, _, kind in parts[1:] if kind), "two holes side by side"
        assert not re.search(r"\{[^}]*:?(int|number|shape|word|text)\}", HOLE.sub("", pattern))


@pytest.mark.parametrize("name", PAGES)
def test_page_is_no_stub(name: str) -> None:
    """It has 80 to 300 words, says why, runs a fix, and leads to the guides."""
    text = source(name)
    assert 80 <= words(text) <= 300, words(text)
    assert re.search(r"^## Why$", text, re.MULTILINE)
    fix = text.partition("\n## Fix\n")[2].partition("\n## ")[0]
    assert ">>> " in fix, "the fix is not run"
    assert re.search(r"\]\((#|\.\./(guide|appendix)/)", text), "no link to a guide"


@pytest.mark.parametrize("name", LOUD)
def test_page_shows_its_messages(name: str) -> None:
    """Each pattern fits a text that the page's own run compared; the title is such a text."""
    facts = LOUD[name]
    outputs = cleaned(shown(source(name)))
    for pattern in facts["messages"]:
        assert holds(pattern, outputs), f"nothing shown on the page fits {pattern!r}"
    assert cleaned(facts["title"]).rstrip(".") in outputs


def holds(pattern: str, text: str) -> bool:
    """Say whether the pattern fits somewhere in the text, by regular expression."""
    parts = pieces(pattern)
    kinds = {**HOLES, "text": ".{0,400}?"}
    regex = "".join(
        re.escape(literal) + (f"(?:{kinds[kind]})" if kind else "") for literal, _, kind in parts
    )
    return re.search(regex, text) is not None


@pytest.mark.parametrize("name", LOUD)
def test_varied_messages_rank_their_page_first(name: str) -> None:
    """Whatever the numbers, shapes and names are, the page is the first answer."""
    for seed in range(5):
        for text in varied(name, LOUD[name], seed):
            found = [match.address for match in explain(text)]
            assert found, text
            assert found[0].endswith(f"/{name}.html"), (text, found)


@pytest.mark.parametrize("name", LOUD)
def test_the_title_finds_its_page(name: str) -> None:
    """Who types the message as the page has it, gets the page first."""
    found = explain(LOUD[name]["title"])
    assert found and found[0].address.endswith(f"/{name}.html"), found


def test_patterns_are_the_pages() -> None:
    """The file that the package carries is the one made from the pages."""
    assert PATTERNS.read_text(encoding="utf-8") == patterns(FOLDER), (
        "stale: run python docs/_ext/error_pages.py"
    )


def test_no_pattern_twice() -> None:
    """A message has one page."""
    every = [p for facts in LOUD.values() for p in [*facts["messages"], *facts.get("older", [])]]
    bare = [HOLE.sub("{}", pattern) for pattern in every]
    assert len(bare) == len(set(bare)), [pattern for pattern in bare if bare.count(pattern) > 1]
