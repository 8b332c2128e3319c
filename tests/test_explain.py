"""explain: strangers match nothing, hostile text costs little, the hook never hides an error."""

import io
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from snippets import explain as module
from snippets.explain import explain

MESSAGE = "RuntimeError: shape '[8, 400]' is invalid for input of size 4608"
PAGE = "errors/shape-is-invalid-for-input-of-size.html"


def run(code: str, *options: str, typed: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run Python code, or a module by `-m`, in a process of its own."""
    command = [sys.executable, *(options or ("-c", code))]
    return subprocess.run(command, input=typed, capture_output=True, check=False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t",
        "KeyError: 'colour'",
        "ValueError: operands could not be broadcast together with shapes (2,3) (4,)",
        "ValueError: could not broadcast input array from shape (3,) into shape (4,)",
        "ValueError: Input 0 of layer dense is incompatible with the layer: expected axis -1",
        "TypeError: unsupported operand type(s) for +: 'int' and 'str'",
        "jax.errors.TracerBoolConversionError: Attempted boolean conversion of traced array",
        "ModuleNotFoundError: No module named 'torchvision'",
        "ZeroDivisionError: division by zero",
        "of the",
        "Traceback (most recent call last):",
    ],
)
def test_strangers_match_nothing(text: str) -> None:
    """A message of another library, or none, finds no page."""
    assert explain(text) == []


@pytest.mark.parametrize(
    "text",
    [
        f"E       {MESSAGE}",
        f"\x1b[31mRuntimeError\x1b[0m: {MESSAGE.partition(': ')[2]}",
        MESSAGE.replace(" is ", "\n is "),
        f"{MESSAGE}\n\nThe above exception was the direct cause of the following exception:\n"
        "Traceback (most recent call last):\nmyapp.Failed: no model",
        "is invalid for input of size",
    ],
    ids=["pytest's margin", "colors", "a line break", "a later exception", "a piece"],
)
def test_how_messages_arrive(text: str) -> None:
    """Margins, colors, breaks and what follows do not hide a message; a piece will do."""
    assert [match.address.endswith(PAGE) for match in explain(text)] == [True]


def test_exceptions_and_what_they_came_from() -> None:
    """An exception is explained by its own message, or by that of its cause."""
    error = ValueError("could not build the model")
    error.__cause__ = RuntimeError(MESSAGE.partition(": ")[2])
    error.__cause__.__cause__ = error  # a circle must end
    assert explain(error)[0].parts == (("shape asked for", "[8, 400]"), ("elements there", "4608"))


@pytest.mark.parametrize(
    "text",
    [
        "x" * 5_000_000,
        "shape '[" * 600_000,
        "shape '[" + "1, " * 1_500_000,
        "\x00" * 5_000_000,
        "'" * 5_000_000,
    ],
    ids=["letters", "beginnings", "an endless shape", "zeros", "quotes"],
)
def test_hostile_text_costs_little(text: str) -> None:
    """Five million characters are answered in the time that reading 200,000 takes (CPU time)."""
    start = time.process_time()
    assert explain(text) == []
    assert time.process_time() - start < 2


def test_every_hole_costs_its_length() -> None:
    """No kind of hole goes back over what it took: ten times the text costs about ten times."""
    spent = []
    for size in (20_000, 200_000):
        text = {
            "int": "9" * size,
            "number": "9." + "9" * size,
            "shape": "[" + "1, " * (size // 3),
            "word": "a." * (size // 2),
        }
        assert text.keys() | {"text"} == module.KINDS.keys()
        start = time.process_time()
        for kind, hostile in text.items():
            assert module._find(f"shape of {{{kind}}} is wrong", "E", f"shape of {hostile}") is None
        spent.append(time.process_time() - start)
    assert spent[1] < 100 * spent[0] + 0.5


def test_command(tmp_path: Path) -> None:
    """It prints the page and exits with 0; with 1 and a sentence when no page matches."""
    found = run("", "-m", "snippets.explain", typed=MESSAGE.encode())
    assert found.returncode == 0
    assert found.stdout.decode().splitlines()[-1].endswith(PAGE)
    assert b"shape asked for: [8, 400]" in found.stdout
    missed = run("", "-m", "snippets.explain", typed=b"\xff\xfe nothing")
    assert missed.returncode == 1
    assert b"No page explains this message" in missed.stderr


def test_it_needs_no_torch() -> None:
    """Looking a message up imports neither torch nor numpy."""
    code = "import sys; from snippets.explain import explain; explain('x'); print(*sys.modules)"
    modules = run(code).stdout.decode().split()
    assert "snippets.explain" in modules
    assert not {"torch", "numpy"} & set(modules)


def test_hook_adds_one_line() -> None:
    """The traceback is what it is without the hook; one line with the address comes after it."""
    code = f"raise RuntimeError({MESSAGE.partition(': ')[2]!r})"
    bare = run(code)
    hooked = run(f"from snippets.explain import add_hook; add_hook()\n{code}")
    assert hooked.returncode == bare.returncode == 1
    *shown, last = hooked.stderr.decode().splitlines()
    assert shown == bare.stderr.decode().replace("line 1", "line 2").splitlines()
    assert last.startswith("explained at http") and last.endswith(PAGE)


def test_hook_is_quiet_about_strangers() -> None:
    """An exception that no page explains is shown as ever."""
    hooked = run("from snippets.explain import add_hook; add_hook()\n1 / 0")
    assert hooked.stderr == run("\n1 / 0").stderr


def test_hook_survives_an_exception_without_text() -> None:
    """An exception whose message can't be made is shown as Python shows it, and no more."""
    code = "class E(Exception):\n    def __str__(self): raise ValueError\n"
    hooked = run(f"from snippets.explain import add_hook; add_hook()\n{code}raise E")
    assert hooked.stderr == run(f"\n{code}raise E").stderr


def test_hook_in_ipython() -> None:
    """In a cell, IPython shows the exception; the line comes after it, and can be taken away."""
    from IPython.core.interactiveshell import InteractiveShell

    shell: Any = InteractiveShell.instance()
    shell.run_cell("from snippets.explain import add_hook; remove = add_hook()")
    printed = io.StringIO()
    before, sys.stderr = sys.stderr, printed
    try:
        result = shell.run_cell(f"raise RuntimeError({MESSAGE.partition(': ')[2]!r})")
        shell.run_cell("remove()")
        shell.run_cell(f"raise RuntimeError({MESSAGE.partition(': ')[2]!r})")
    finally:
        sys.stderr = before
    assert isinstance(result.error_in_exec, RuntimeError)
    assert printed.getvalue().count("explained at http") == 1
