"""The box for tracebacks finds what Python finds, in time, and nothing pasted hurts it."""

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from snippets.explain import explain
from tests.browser.site_pages import HTML, opened

PATTERNS = json.loads((HTML / "_static" / "errors.js").read_text("utf-8").partition(" = ")[2])
FRAME = '  File "/home/me/train.py", line {line}, in step\n    loss = model(batch[{line}]).sum()\n'
ANSWERS = (
    "texts => texts.map(text => explainError(text).map(([hit, page]) => [page.page, hit.parts]))"
)


@pytest.fixture(scope="module")
def box(chromium: Browser, address: str) -> Iterator[Page]:
    """Open the index of errors, where the box is."""
    page, wrong = opened(chromium, address + "errors/index.html")
    yield page
    assert not wrong
    page.context.close()


def filled(pattern: str, chance: random.Random) -> str:
    """Return the pattern with something at random in each of its holes."""
    make = {
        "int": lambda: str(chance.randint(0, 10**6)),
        "number": lambda: repr(chance.random()),
        "shape": lambda: f"torch.Size([{chance.randint(0, 99)}, {chance.randint(0, 99)}])",
        "word": lambda: chance.choice(["weight", "encoder.layers.0.bias", "Long", "c10::Half"]),
        "text": lambda: "something " * chance.randint(1, 9),
    }
    return re.sub(r"\{(?:[a-z0-9 ]*:)?(\w+)\}", lambda hole: make[hole[1]](), pattern)


def tracebacks(seed: int) -> list[tuple[str, str]]:
    """Return (page, traceback of 200 lines that ends with its message), all pages and wordings."""
    chance = random.Random(seed)
    made = []
    for page in PATTERNS["pages"]:
        for pattern in page["messages"]:
            frames = "".join(FRAME.format(line=chance.randint(1, 999)) for _ in range(100))
            message = f"{page['raises']}: {filled(pattern, chance)}"
            made.append((page["page"], f"Traceback (most recent call last):\n{frames}{message}\n"))
    return made


def test_every_page_is_found_as_python_finds_it(box: Page) -> None:
    """With numbers and names at random, a message's page is first, and both languages agree."""
    cases = tracebacks(seed=0)
    answers = box.evaluate(ANSWERS, [text for _, text in cases])
    for (page, text), answer in zip(cases, answers, strict=True):
        assert answer[0][0] == page, text
        python: list[Any] = [
            [match.address.removeprefix(PATTERNS["site"]), [list(part) for part in match.parts]]
            for match in explain(text)
        ]
        assert answer == python, text


def test_pieces_and_strangers_too(box: Page) -> None:
    """A piece of a message, and messages of others, get the same answers as in Python."""
    texts = [
        *(" ".join(page["title"].split()[:6]) for page in PATTERNS["pages"]),
        "ValueError: Input 0 of layer dense is incompatible with the layer: expected axis -1",
        "ValueError: operands could not be broadcast together with shapes (2,3) (4,)",
        "KeyError: 'colour'",
        "",
    ]
    answers = box.evaluate(ANSWERS, texts)
    for text, answer in zip(texts, answers, strict=True):
        python = [match.address.removeprefix(PATTERNS["site"]) for match in explain(text)]
        assert [page for page, _ in answer] == python, text
    assert not any(answers[-4:])


def test_it_shows_what_the_message_says(box: Page) -> None:
    """What is pasted is answered with the page, and what varies is read out of the message."""
    box.locator("#explain textarea").fill(
        "RuntimeError: shape '[8, 400]' is invalid for input of size 4608"
    )
    first = box.locator("#explain ol > li").first
    assert "shape-is-invalid-for-input-of-size" in (first.locator("a").get_attribute("href") or "")
    assert first.locator("dd").all_inner_texts() == ["[8, 400]", "4608"]


@pytest.mark.parametrize(
    "text",
    [
        "x" * 5_000_000,
        "shape '[" * 600_000,
        "\x00\x01\x02\x1b[31m\ud83d\ude00" * 1000,
        "<script>window.hurt = 1</script><img src=x onerror='window.hurt = 1'>",
        "shape '[<img src=x onerror='window.hurt=1'>]' is invalid for input of size 6",
    ],
    ids=["5 MB", "5 MB of a beginning", "control characters", "HTML", "HTML in a message"],
)
def test_nothing_pasted_does_harm(box: Page, text: str) -> None:
    """Whatever is pasted ends within two seconds, shows as text, and runs nothing."""
    spent = box.evaluate(
        """text => {
          const area = document.querySelector("#explain textarea");
          area.value = text;
          const start = performance.now();
          area.dispatchEvent(new Event("input"));
          return performance.now() - start;
        }""",
        text,
    )
    assert spent < 2000
    assert box.evaluate("window.hurt") is None
    assert box.locator("#explain :is(img, script)").count() == 0


def test_answers_within_a_tenth_of_a_second(box: Page) -> None:
    """A traceback of 200 lines is answered within 100 ms: the median of all pages' messages."""
    times = box.evaluate(
        """texts => texts.map(text => {
          const start = performance.now();
          explainError(text);
          return performance.now() - start;
        }).sort((a, b) => a - b)""",
        [text for _, text in tracebacks(seed=1)],
    )
    assert times[len(times) // 2] < 100


def test_the_patterns_are_small() -> None:
    """The file of patterns has at most 60 kB when compressed."""
    import gzip

    assert len(gzip.compress(Path(HTML, "_static", "errors.js").read_bytes())) <= 60_000


def test_the_index_filters_as_one_types(chromium: Browser, address: str) -> None:
    """Only the pages whose line holds all typed words stay; the rest come back."""
    page, wrong = opened(chromium, address + "errors/index.html")
    lines = page.locator(".errors-list > li")
    total = lines.count()
    assert total >= len(PATTERNS["pages"])
    page.locator("#errors-filter").fill("invalid SIZE")
    shown = page.locator(".errors-list > li:visible").all_inner_texts()
    assert 0 < len(shown) < total or total == 1
    assert all("invalid" in text.lower() and "size" in text.lower() for text in shown)
    page.locator("#errors-filter").fill("")
    assert page.locator(".errors-list > li:visible").count() == total
    assert not wrong
    page.context.close()


@pytest.mark.parametrize("name", ["404.html", "search.html"])
def test_the_box_is_where_readers_land(chromium: Browser, address: str, name: str) -> None:
    """The box stands on the page for missing pages and on the search page, too."""
    page, wrong = opened(chromium, address + name)
    page.locator("#explain textarea").fill("shape '[3]' is invalid for input of size 4")
    link = page.locator("#explain ol a").first
    assert link.get_attribute("href") == address + "errors/shape-is-invalid-for-input-of-size.html"
    assert not wrong
    page.context.close()


def test_search_takes_a_whole_message(chromium: Browser, address: str) -> None:
    """A message typed into the ordinary search gives its page, though no page has its numbers."""
    query = "RuntimeError: shape '[77, 31]' is invalid for input of size 90210"
    page, wrong = opened(chromium, f"{address}search.html?q={query}")
    link = page.locator("#search-results a").first
    assert "shape-is-invalid-for-input-of-size" in (link.get_attribute("href") or "")
    assert not wrong
    page.context.close()
