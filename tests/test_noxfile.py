"""The legs: the wrong torch, or none, is refused with one line that says what to do."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import noxfile


class Session:
    """As much of nox.Session as proving a leg needs."""

    def __init__(self, torch: str, *posargs: str) -> None:
        self.torch = torch
        self.posargs = list(posargs)
        self.virtualenv = SimpleNamespace(location=".nox/tests")
        self.logged: list[str] = []

    def run(self, *command: str, **_options: Any) -> str:
        """Stand in for reading torch's version file."""
        assert command[:2] == ("python", "-c")
        return self.torch

    def error(self, message: str) -> None:
        """Fail as nox does."""
        raise SystemExit(message)

    def log(self, message: str) -> None:
        """Keep the line."""
        self.logged.append(message)


@pytest.mark.parametrize(
    ("leg", "torch"),
    [("cpu", "2.13.0+cpu None\n"), ("cpu", "2.13.0 None\n"), ("cuda", "2.13.0+cu130 13.0\n")],
)
def test_right_torch_is_proven(leg: str, torch: str) -> None:
    """The version and build that the leg asks for pass, whatever the local version label."""
    session = Session(torch)
    noxfile.prove(session, leg, "2.13.0")  # type: ignore[arg-type]
    assert session.logged[0].startswith("proven: torch 2.13.0")


@pytest.mark.parametrize(
    ("leg", "torch", "has"),
    [
        ("cpu", "", "no torch"),
        ("cpu", "2.13.0+cu130 13.0\n", "torch 2.13.0+cu130 built with CUDA 13.0"),
        ("cuda", "2.13.0+cpu None\n", "torch 2.13.0+cpu built without CUDA"),
        ("cpu", "2.12.1+cpu None\n", "torch 2.12.1+cpu built without CUDA"),
    ],
)
def test_wrong_torch_is_refused(leg: str, torch: str, has: str) -> None:
    """One line says what the leg wants, what there is, and how to get the right one."""
    with pytest.raises(SystemExit) as refused:
        noxfile.prove(Session(torch), leg, "2.13.0")  # type: ignore[arg-type]
    message = str(refused.value)
    wanted = "without" if leg == "cpu" else "with"
    assert f"the {leg} leg wants torch 2.13.0 built {wanted} CUDA" in message
    assert f"has {has}." in message
    assert "Get it from" in message
    assert "\n" not in message


def test_torch_argument() -> None:
    """`--torch VERSION` chooses the release and is kept from pytest; without a version it fails."""
    session = Session("", "-k", "strides", "--torch", "2.15.0")
    assert noxfile.split_torch(session, "cpu") == ("2.15.0", ["-k", "strides"])  # type: ignore[arg-type]
    assert noxfile.split_torch(Session(""), "cpu") == (noxfile.LEGS["cpu"], [])  # type: ignore[arg-type]
    with pytest.raises(SystemExit, match="--torch needs a version"):
        noxfile.split_torch(Session("", "--torch"), "cpu")  # type: ignore[arg-type]


@pytest.mark.parametrize("chromium", ["/usr/bin/chromium", None])
def test_link_and_pdf_go_together(monkeypatch: pytest.MonkeyPatch, chromium: str | None) -> None:
    """The quick reference offers a PDF exactly where there is a Chromium to print it."""
    session, commands = Session(""), list[tuple[str, ...]]()
    monkeypatch.setattr(session, "run", lambda *command: commands.append(command))
    monkeypatch.setattr(session, "install", lambda *_packages: None, raising=False)
    monkeypatch.setattr(noxfile, "prepare", lambda *_: [])
    monkeypatch.setattr(noxfile, "prove_pages", lambda *_: None)
    monkeypatch.setattr(noxfile, "find_chromium", lambda: chromium)
    monkeypatch.setattr("atexit.register", lambda *_: None)
    monkeypatch.delenv("READTHEDOCS_OUTPUT", raising=False)
    noxfile.build_docs(session, "cpu")  # type: ignore[arg-type]
    assert ("-t" in commands[0]) is (chromium is not None)
    page = "build/cpu/html/quick-reference"
    printed = ("python", "docs/_ext/print_page.py", f"{page}.html", f"{page}.pdf")
    assert commands[1:] == ([printed] if chromium else [])
    assert bool(session.logged) is (chromium is None)


@pytest.mark.parametrize("pages", [["docs/a.md", "src/snippets/b.py"], []])
def test_docs_prove_first(monkeypatch: pytest.MonkeyPatch, pages: list[str]) -> None:
    """Pages without a fresh record run before the site is built; without such, nothing runs."""
    session, done = Session(""), list[tuple[str, ...]]()
    asked: list[tuple[str, ...]] = []

    def unproven(_root: Path, *leg: str) -> list[str]:
        asked.append(leg)
        return pages

    monkeypatch.setattr(session, "run", lambda *command: done.append(command))
    monkeypatch.setattr("records.drop_stale", lambda _root: {"cuda.json": 2})
    monkeypatch.setattr("records.unproven", unproven)
    noxfile.prove_pages(session, "cuda")  # type: ignore[arg-type]
    assert asked == [("cuda", noxfile.LEGS["cuda"])]
    assert done == ([("pytest", "-q", *pages)] if pages else [])
    assert session.logged[0] == "build/records/cuda.json: dropped 2 records of what changed since"
