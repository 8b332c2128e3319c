"""Guards: nothing that looks like Python on a page escapes the run, and counts do not fall."""

import ast
import doctest
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser
from pygments.lexers import find_lexer_class_by_name
from pygments.util import ClassNotFound

from conftest import pages as sybil

ROOT = Path(__file__).parent.parent
GENERATED = ROOT / "docs" / "gallery"
PAGES = [path for path in sorted(ROOT.glob("docs/**/*.md")) if GENERATED not in path.parents]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["guide"]
PARSER = create_md_parser(MdParserConfig(enable_extensions={"colon_fence"}), RendererHTML)
PROMPT = re.compile(r"^\s*>>> ?", re.MULTILINE)
FLAGS = re.compile(r"#\s*doctest:|\+SKIP|IGNORE_EXCEPTION_DETAIL|\+ELLIPSIS|\+NUMBER")
MARK = re.compile(r"^\s*(%|<!-+)\s*(skip|simulate):.*$", re.MULTILINE)
# The only ways not to run as shown, in the only words.
ALLOWED_SKIPS = {
    "% simulate: start",
    "% simulate: end",
    "% skip: end",
    '% skip: start if(not torch.cuda.is_available(), reason="needs a CUDA device")',
    "% skip: start if(torch.accelerator.current_accelerator() is not None, "
    'reason="needs a build without an accelerator")',
    "% skip: start if(torch.version.cuda is None or torch.cuda.is_available(), "
    'reason="needs a CUDA build without a GPU")',
    '% skip: start if(torch.cuda.is_available(), reason="needs a machine without a CUDA device")',
    '% skip: start if(torch.__version__ >= "2.14", reason="what torch before 2.14 says")',
    '% skip: start if(torch.__version__ < "2.14", reason="what torch 2.14 and later say")',
}
# Pages of words alone: they show no Python, and may not begin to do so unchecked either.
# The texts that a pitfall table quotes are looked up in the pages it links to (see below).
WORDS_ONLY = {
    "docs/404.md",
    "docs/glossary.md",
    "docs/about/changelog.md",
    "docs/about/contributing.md",
    *(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/*/*/pitfalls.md")),
}


def collected(path: Path) -> set[int]:
    """Return the lines of a page's prompts that the doctests run."""
    return {
        example.line
        for example in sybil.parse(path).examples()
        if isinstance(example.parsed, doctest.Example)
    }


def fences(text: str, offset: int = 0) -> Iterator[tuple[int, str, str]]:
    """Yield line, label and content of each fence that MyST sees, those in directives included."""
    for token in PARSER.parse(text):
        if token.map and token.type in ("fence", "colon_fence", "code_block"):
            line = offset + token.map[0] + 1
            yield line, token.info.strip(), token.content
            if token.info.strip().startswith("{"):
                yield from fences(token.content, line)


def is_python(label: str) -> bool:
    """Say whether Sphinx would color this label as some kind of Python."""
    try:
        lexer = find_lexer_class_by_name(label)
    except ClassNotFound:
        return label.lower().startswith(("py", "ipy"))
    return "python" in lexer.name.lower()


def unmatched(text: str) -> list[tuple[int, str]]:
    """Return the marks, with their lines, that begin what another has begun, or never ends."""
    begun: tuple[int, str] | None = None
    found = []
    for match in MARK.finditer(text):
        line, mark = text.count("\n", 0, match.end()) + 1, match[0].strip()
        kind = match[2]
        if ": end" in mark:
            if begun is None or begun[1] != kind:
                found.append((line, f"an end without its start: {mark}"))
            begun = None
        elif begun is not None:
            found.append((line, f"a {kind} within a {begun[1]}"))
        else:
            begun = line, kind
    if begun is not None:
        found.append((begun[0], f"a {begun[1]} that never ends"))
    return found


def problems(path: Path) -> list[str]:
    """Return what on this page looks checked and isn't, each with its line."""
    text = path.read_text(encoding="utf-8")
    ran = collected(path)
    prompts = {text.count("\n", 0, m.end()) + 1 for m in PROMPT.finditer(text)}
    found = [(line, "a prompt that nothing runs") for line in prompts - ran]
    for line, label, content in fences(text):
        directive = re.match(r"\{([\w:-]+)\}\s*(\S*)", label)
        if directive:
            name, argument = directive.groups()
            if name in ("code", "code-block", "code-cell", "sourcecode") and is_python(argument):
                found.append((line, f"Python in {{{name}}}: use a python fence with prompts"))
        elif label != "python" and label and is_python(label):
            found.append((line, f"a {label} fence: label it python, so that it runs"))
        elif label == "python" and not PROMPT.search(content):
            found.append((line, "a python fence without a prompt: nothing compares it"))
    for match in FLAGS.finditer(text):
        found.append((text.count("\n", 0, match.start()) + 1, f"a doctest flag: {match[0]}"))
    found += unmatched(text)
    for match in MARK.finditer(text):
        if match[0].strip() not in ALLOWED_SKIPS:
            found.append((text.count("\n", 0, match.end()) + 1, f"a skip: {match[0].strip()}"))
    for match in re.finditer(r"^Traceback \(.*\):\n(?!    \.\.\.\n\S)", text, re.MULTILINE):
        found.append(
            (text.count("\n", 0, match.start()) + 1, "a traceback whose lines nothing compares")
        )
    name = path.relative_to(ROOT).as_posix()
    if not ran and name not in WORDS_ONLY:
        found.append((1, "a page with nothing to check"))
    return [f"{name}:{line}: {what}" for line, what in sorted(found)]


def test_there_are_pages() -> None:
    """The guards below have something to guard."""
    assert PAGES


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_escapes(path: Path) -> None:
    """Every prompt and every Python fence of a page is run, and its output compared."""
    found = problems(path)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(("folder", "least"), SETTINGS["examples"].items())
def test_counts_do_not_fall(folder: str, least: int) -> None:
    """A folder has at least as many checked examples as pyproject.toml records."""
    count = sum(len(collected(path)) for path in PAGES if (ROOT / folder) in path.parents)
    assert count >= least, f"{folder} has {count} checked examples; pyproject.toml records {least}"


def misquoted(path: Path) -> list[str]:
    """Return the pitfall rows whose message does not stand, word for word, on the page they name.

    A row begins with the message in backticks and ends with a link to a label; "..." in a message
    stands for what was left out. Rows of silent mistakes have no message and are passed over.
    """
    wrong = []
    text = path.read_text(encoding="utf-8").partition("\n## Silent\n")[0]
    for row in re.findall(r"^\| `.*\(#[\w-]+\) \|$", text, re.MULTILINE):
        label = re.search(r"\(#([\w-]+)\) \|$", row)
        assert label is not None
        holders = [page for page in PAGES if f"\n({label[1]})=\n" in "\n" + page.read_text("utf-8")]
        first = row.split(" | ")[0].partition("; silent ")[0]
        shown = "".join(page.read_text(encoding="utf-8") for page in holders)
        shown = "\n".join(line for line in shown.splitlines() if not line.startswith("| "))
        for message in re.findall(r"(`+)\s?(.+?)\s?\1(?!`)", first):
            parts = message[1].split("...")
            if not holders or any(part.strip() not in shown for part in parts):
                wrong.append(f"{path.relative_to(ROOT).as_posix()}: {label[1]}: {message[1]}")
    return wrong


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_pitfall_tables_quote_their_pages(path: Path) -> None:
    """An error text in a table stands on the page that the row links to, where it was proven."""
    found = misquoted(path)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", sorted(ROOT.glob("src/snippets/*.py")), ids=lambda path: path.name)
def test_public_snippets_have_examples(path: Path) -> None:
    """Every public function that pages show or offer has an example in its docstring."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and "_" not in (path.name[0], node.name[0]):
            assert ">>> " in (ast.get_docstring(node) or ""), f"{node.name} shows no example"


def longest_output(text: str) -> int:
    """Return how many lines the longest output on a page has."""
    wants = [
        example.want
        for fence in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        for example in doctest.DocTestParser().get_examples(fence)
    ]
    return max((want.count("\n") for want in wants), default=0)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_outputs_are_short(path: Path) -> None:
    """No output is longer than a screen, so that none has to be folded away."""
    assert longest_output(path.read_text(encoding="utf-8")) <= 25


def test_a_long_output_is_seen() -> None:
    """The test above can fail."""
    lines = "".join(f"{number}\n" for number in range(30))
    assert longest_output(f"```python\n>>> f()\n{lines}```\n") == 30
