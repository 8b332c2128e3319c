"""Notebooks and scripts made of pages run on their own and show what the pages show."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import pytest
from cells import Cell, cells, echoing
from downloads import in_order
from inlining import inlined
from nbclient import NotebookClient
from offers import elsewhere
from plain_markdown import parts
from plain_text import Links, plain
from sphinx.errors import ExtensionError
from takeaway import notebook, script

ROOT = Path(__file__).parent.parent
LINKS = Links(
    page=lambda target: (f"https://guide.example/{target}", "Title"),
    name=lambda _role, target: f"https://docs.example/{target}",
)
GUIDES = [*sorted(ROOT.glob("docs/guide/*")), *sorted(ROOT.glob("docs/appendix/*"))]
PAGES = [folder / f"{name}.md" for folder in GUIDES for name in in_order(folder)]
# What a reader has beside torch, NumPy and matplotlib is not ours to ask for.
ABSENT = ["drawsvg", "IPython", "myst_parser", "nbformat", "pytest", "snippets", "sybil"]


@cache
def cells_of(path: Path) -> list[Cell]:
    """Return a page's cells."""
    return list(cells(parts(path.read_text(encoding="utf-8"), LINKS), {}))


def shown(page: list[Cell]) -> str:
    """Return what a page's code shows, as one text."""
    wants = (cell.want.removesuffix("\n") for cell in page if cell.want)
    return "".join(f"{want}\n" for want in wants)


def absent(page: list[Cell]) -> list[str]:
    """Return the packages that a page's script must do without."""
    digits = any("sklearn" in cell.text for cell in page if cell.code)
    return ABSENT if digits else [*ABSENT, "sklearn"]


def name(path: Path) -> str:
    """Return a short name of a page."""
    return f"{path.parent.name}-{path.stem}"


@pytest.fixture(scope="module", autouse=True)
def runner(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Run all pages' scripts, while the notebooks run; give the process and the folder it fills."""
    folder = tmp_path_factory.mktemp("alone")
    jobs = [
        [script("of the tests", [page]), str(folder / name(path)), absent(page)]
        for path in PAGES
        for page in [cells_of(path)]
    ]
    (folder / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
    command = [sys.executable, str(ROOT / "tests" / "run_alone.py"), str(folder / "jobs.json")]
    process = subprocess.Popen(command, cwd=folder)
    yield process, folder
    process.kill()
    process.wait()


@pytest.fixture(scope="module")
def ran(runner: tuple[subprocess.Popen[bytes], Path]) -> Path:
    """Return the folder that holds what became of the scripts, when all have run."""
    process, folder = runner
    assert process.wait() == 0
    return folder


def test_every_page_is_taken() -> None:
    """The contents of guides and appendices name all of their pages."""
    assert set(PAGES) == {path for folder in GUIDES for path in folder.glob("*.md")}
    assert len(PAGES) > 100


def texts(outputs: list[Any]) -> str:
    """Return what a notebook's cell shows, as one text."""
    found = ""
    for output in outputs:
        if output.output_type == "error":
            found += f"{output.ename}: {output.evalue}\n" if output.evalue else f"{output.ename}\n"
        elif output.output_type == "execute_result":
            found += output.data["text/plain"] + "\n"
        elif output.name == "stdout":
            found += output.text
    return found.expandtabs()


@pytest.mark.parametrize("folder", GUIDES, ids=lambda path: path.name)
def test_notebook_runs_alone(folder: Path, tmp_path: Path) -> None:
    """Each cell of a guide's notebook, run from top to bottom, shows what the page shows."""
    pages = [cells_of(folder / f"{each}.md") for each in in_order(folder)]
    book = nbformat.reads(notebook("of the tests", pages), as_version=4)
    sites, work = tmp_path / "sites", tmp_path / "work"
    sites.mkdir()
    work.mkdir()
    every = [cell for page in pages for cell in page]
    hidden = [each for each in absent(every) if each not in {"IPython", "pytest"}]
    hide = f"import sys; sys.modules.update(dict.fromkeys({hidden}))"
    (sites / "sitecustomize.py").write_text(hide, encoding="utf-8")
    proven = [texts(cell.outputs) for cell in book.cells if cell.cell_type == "code"]
    client = NotebookClient(book, timeout=300, resources={"metadata": {"path": str(work)}})
    client.execute(env={**os.environ, "PYTHONPATH": str(sites)})
    found = [texts(cell.outputs) for cell in book.cells if cell.cell_type == "code"]
    assert found == proven
    assert not [*work.iterdir()]


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_script_runs_alone(path: Path, ran: Path) -> None:
    """A page's script prints what the page shows, without this package, and leaves no file."""
    place = ran / name(path)
    assert place.with_suffix(".rc").read_text() == "0", place.with_suffix(".err").read_text()
    printed = place.with_suffix(".out").read_text(encoding="utf-8")
    assert printed.expandtabs() == shown(cells_of(path))
    assert [each.name for each in place.iterdir()] == ["page.py"]


def test_a_guides_notebook_is_that_of_its_pages() -> None:
    """A page's own notebook has the cells that it has in the guide's, so what ran is both."""
    folder = GUIDES[0]
    pages = [cells_of(folder / f"{each}.md") for each in in_order(folder)]
    whole = json.loads(notebook("x", pages))["cells"][1:]
    single = [cell for page in pages for cell in json.loads(notebook("x", [page]))["cells"][1:]]
    for cell in [*whole, *single]:
        del cell["id"]
    assert whole == single


@pytest.mark.parametrize(
    ("said", "becomes"),
    [
        ("{func}`torch.add`", "[`torch.add()`](https://docs.example/torch.add)"),
        ("{class}`~torch.nn.Linear`", "[`Linear`](https://docs.example/torch.nn.Linear)"),
        ("{meth}`it <torch.Tensor.add_>`", "[it](https://docs.example/torch.Tensor.add_)"),
        ("[`x`](a.md#b)", "[`x`](https://guide.example/a.md#b)"),
        ("[](a.md)", "[Title](https://guide.example/a.md)"),
        ("`model[0](inputs)`", "`model[0](inputs)`"),
        ("[out](https://x.example/y)", "[out](https://x.example/y)"),
    ],
)
def test_plain_text(said: str, becomes: str) -> None:
    """Roles and links are made plain and absolute; code stays as it is."""
    assert plain(said, LINKS) == becomes


def kinds(text: str) -> list[tuple[str, str]]:
    """Return kind and text of a page's parts."""
    return [(part.kind, part.text) for part in parts(text, LINKS)]


def test_directives_become_what_they_stand_for() -> None:
    """A formula, a dropdown with code in it, a fence of text; labels and comments go."""
    page = (
        "---\nsearch: x\n---\n(label)=\n# Head\n% no text\n```{math}\ny\n```\n"
        ":::{dropdown} Answer\nYes.\n```python\n>>> 1\n1\n```\n:::\n```text\nkept\n```\n"
    )
    assert kinds(page) == [
        ("text", "# Head"),
        ("text", "$$\ny\n$$"),
        ("text", "**Answer**"),
        ("text", "Yes."),
        ("code", ">>> 1\n1"),
        ("text", "```text\nkept\n```"),
    ]


@pytest.mark.parametrize("page", ["```python\n>>> 1\n", "```{unheard-of}\n```\n"])
def test_what_is_not_understood_is_refused(page: str) -> None:
    """A fence without an end or a directive without a meaning ends the build."""
    with pytest.raises(ValueError, match=r"never closed|no plain Markdown"):
        kinds(page)


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("needs a GPU", "since it needs a GPU:"),
        ("what torch before 2.14 says", "since it shows what torch before 2.14 says:"),
    ],
)
def test_skipped_code_stays_text(reason: str, says: str) -> None:
    """Code that not every build can run is shown with its output and the reason, and not run."""
    skip = f'% skip: start if(True, reason="{reason}")'
    page = f"{skip}\n```python\n>>> 1\n1\n```\n% skip: end\n"
    (cell,) = cells(parts(page, LINKS), {})
    assert not cell.code
    assert cell.text == f"Not run here, {says}\n\n```python\n>>> 1\n1\n```"


def test_blocks_show_what_a_prompt_shows() -> None:
    """A value inside a block is shown; calls that return nothing are left as they are."""
    assert echoing("with a:\n    b\n") == "with a:\n    echo(b)\n"
    assert (
        echoing("for a in b:\n    'ä', a; c.step()\n")
        == "for a in b:\n    echo(('ä', a)); c.step()\n"
    )
    assert echoing("def a():\n    b\n") == "def a():\n    b\n"


def test_errors_are_expected() -> None:
    """An exception is caught in a script and tagged in a notebook; its class has no module."""
    page = (
        "```python\n>>> x = 1\n>>> x.y\nTraceback (most recent call last):\n    ...\n"
        "a.b.AttributeError: 'int' object\n```\n"
    )
    first, second = cells(parts(page, LINKS), {})
    assert (first.text, second.want) == ("x = 1", "AttributeError: 'int' object\n")
    assert "except Exception as error:" in script("x", [[first, second]])
    made = json.loads(notebook("x", [[first, second]]))["cells"][-1]
    assert made["metadata"]["tags"] == ["raises-exception"]
    assert made["outputs"][0]["ename"] == "AttributeError"


def test_pictures_are_attached() -> None:
    """A drawing is in the notebook itself, with its words."""
    page = "```{draw} draw.storage(x)\n:alt: A row.\nx = 1\n```\n"
    (cell,) = cells(parts(page, LINKS), {"draw.storage(x)": "<svg/>"})
    made = json.loads(notebook("x", [[cell]]))["cells"][-1]
    assert "".join(made["source"]) == "![A row.](attachment:draw-storage-x.svg)"
    assert list(made["attachments"]) == ["draw-storage-x.svg"]


def test_inlined_code_is_whole() -> None:
    """All that a function uses comes with it, once."""
    have: set[str] = set()
    code = inlined("debugging", ["first_nonfinite"], have)
    defined = {node.name for node in ast.parse(code).body if hasattr(node, "name")}
    assert "first_nonfinite" in defined
    assert "snippets." not in code.replace("snippets/", "")
    assert inlined("debugging", ["first_nonfinite"], have) == ""
    with pytest.raises(KeyError, match="defines no nothing_so"):
        inlined("debugging", ["nothing_so"], set())


def test_links_elsewhere_come_from_one_setting() -> None:
    """None while it is unset; to the forge, and to Colab and Binder where notebooks are pushed."""
    forge = {"repository": "https://github.com/o/n"}
    assert elsewhere({}, "docs/a.md", "a.ipynb") == []
    assert elsewhere(forge, "docs/a.md", "a.ipynb") == [
        ("edit", "https://github.com/o/n/edit/main/docs/a.md")
    ]
    opened = dict(elsewhere(forge | {"published": "site"}, "docs/a.md", "b/a.ipynb"))
    assert opened["Colab"] == "https://colab.research.google.com/github/o/n/blob/site/b/a.ipynb"
    assert opened["Binder"] == "https://mybinder.org/v2/gh/o/n/site?urlpath=lab/tree/b/a.ipynb"


@pytest.mark.parametrize("forge", [{"repo": "https://github.com/o/n"}, {"repository": "o/n"}])
def test_a_wrong_setting_is_named(forge: dict[str, str]) -> None:
    """A misspelled name or half an address ends the build with what the setting takes."""
    with pytest.raises(ExtensionError, match="forge takes repository"):
        elsewhere(forge, "docs/a.md", None)
