"""What readers take with them: a page as a notebook and as a script that run on their own.

Outputs are those that the tests compared.
"""

from __future__ import annotations

import ast
import base64
import re
import textwrap
from typing import Any

import nbformat
from cells import Cell, shows
from nbformat import v4

NOTEBOOK_START = """\
# Every page begins in this state; outputs are shown as Python's own prompt shows them.
from __future__ import annotations
%reset -f
from sys import __displayhook__ as echo
%config PlainTextFormatter.pprint = False
get_ipython().displayhook.do_full_cache = False"""
ECHO = "from sys import __displayhook__ as echo  # prints a value as Python's prompt does"
SEEDED = """\
import random

import numpy as np
import torch

random.seed(0)
np.random.seed(0)
_ = torch.manual_seed(0)"""
FORGET = """\
for _ in list(globals()):
    if not _.startswith("_"):
        del globals()[_]
"""


def about(address: str, pages: list[list[Cell]]) -> str:
    """Return where the pages stand and what they need."""
    code = "\n".join(cell.text for page in pages for cell in page if cell.code)
    needs = ["PyTorch", "NumPy", *(["scikit-learn, for its digits"] if "sklearn" in code else [])]
    return (
        f"From the PyTorch Fundamentals Guide, {address}\n"
        f"Needs {', '.join(needs[:-1])} and {needs[-1]}; the page says on what it was proven."
    )


def notebook(address: str, pages: list[list[Cell]]) -> str:
    """Return a notebook of the pages' cells, each page in a state of its own."""
    new = [v4.new_markdown_cell(about(address, pages))] + [
        cell
        for page in pages
        for cell in [
            v4.new_code_cell(f"{NOTEBOOK_START}\n{SEEDED}"),
            *(code_cell(each) if each.code else text_cell(each) for each in page),
        ]
    ]
    for number, cell in enumerate(new):
        cell["id"] = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    book = v4.new_notebook(cells=new, metadata={"kernelspec": kernel})
    nbformat.validate(book)
    return str(nbformat.writes(book)) + "\n"


def text_cell(cell: Cell) -> Any:
    """Return a Markdown cell with its pictures."""
    made = v4.new_markdown_cell(cell.text)
    if cell.pictures:
        made["attachments"] = {
            name: {"image/svg+xml": base64.b64encode(svg.encode()).decode()}
            for name, svg in cell.pictures.items()
        }
    return made


def code_cell(cell: Cell) -> Any:
    """Return a code cell with its proven output."""
    # A notebook has an event loop that runs already.
    made = v4.new_code_cell(re.sub(r"asyncio\.run\((\w+\(\))\)", r"(await \1)", cell.text))
    want = cell.want.removesuffix("\n")
    if cell.raises:
        made["metadata"]["tags"] = ["raises-exception"]
        name, _, value = want.partition(": ")
        made["outputs"] = [v4.new_output("error", ename=name, evalue=value, traceback=[want])]
    elif want and shows(cell.text):
        data = {"text/plain": want}
        made["outputs"] = [v4.new_output("execute_result", data=data, execution_count=None)]
    elif want:
        made["outputs"] = [v4.new_output("stream", name="stdout", text=cell.want)]
    return made


def script(address: str, pages: list[list[Cell]]) -> str:
    """Return a script of the pages' cells: prose and outputs as comments."""
    lines = [f'"""{about(address, pages)}\n"""', "from __future__ import annotations"]
    for number, page in enumerate(pages):
        lines.append(f"{FORGET if number else ''}{SEEDED}\n{ECHO}")
        for cell in page:
            if cell.code:
                output = commented(cell.want)
                lines.append(runnable(cell) + (f"\n{output}" if output else ""))
            else:
                lines.append(commented(cell.text))
    return "\n\n".join(lines) + "\n"


def commented(text: str) -> str:
    """Return the text as comments."""
    return "\n".join(f"# {line}".rstrip() for line in text.strip("\n").split("\n") if text)


def runnable(cell: Cell) -> str:
    """Return a cell's code so that a script prints what the cell shows."""
    code = cell.text
    if cell.want and not cell.raises and shows(code):
        last = ast.parse(code).body[-1]
        lines = code.split("\n")
        before, value = lines[: last.lineno - 1], "\n".join(lines[last.lineno - 1 :])
        end = "\n" if "#" in value else ""
        value = f"({value}{end})" if isinstance(last.value, ast.Tuple) else value + end  # type: ignore[attr-defined]
        code = "\n".join([*before, f"echo({value})"])
    if cell.raises:
        caught = 'except Exception as error:\n    print(f"{type(error).__name__}: {error}")'
        code = f"try:\n{textwrap.indent(code, '    ')}\n{caught}"
    return code
