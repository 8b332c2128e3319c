"""The pytest plugin that writes what another torch changes: by page and line, old and new output.

`nox -s drift -- VERSION` runs it; the report is Markdown. What fails only because something before
it on its page failed is told apart by its NameError.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sybil.integration.pytest import SybilItem

from tests.recorder import Recorder, facts

SHOWN = re.compile(r"Expected(?: nothing|:\n(?P<old>.*?))\nGot:\n(?P<new>.*?)\n\n", re.DOTALL)
RAISED = re.compile(r"Exception raised:\n(?P<new>.*?)\n\n", re.DOTALL)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names the report."""
    parser.addoption("--drift-report", type=Path, help="where the report goes")


def pytest_configure(config: pytest.Config) -> None:
    """Watch for failures, and leave no record: another torch proves nothing of a leg."""
    if config.getoption("--drift-report"):
        config.pluginmanager.register(Drift(config.getoption("--drift-report"), config.rootpath))


def change(text: str) -> tuple[str, str]:
    r"""Return old and new output from pytest's account of a failure.

    >>> change("Expected:\n    1\nGot:\n    2\n\n")
    ('1', '2')
    """
    found = SHOWN.search(text + "\n\n")
    if found:
        return _dedent(found["old"] or ""), _dedent(found["new"])
    raised = RAISED.search(text + "\n\n")
    if raised:
        return "", _dedent(raised["new"]).split("\n")[-1]
    return "", text.strip().split("\n")[-1]


def _dedent(text: str) -> str:
    """Return the text without its indent; of a traceback only the last line."""
    lines = [line.removeprefix("    ") for line in text.split("\n")]
    return lines[-1] if lines[0].startswith("Traceback") else "\n".join(lines)


class Drift:
    """Collects what failed, and writes the report."""

    def __init__(self, report: Path, root: Path) -> None:
        self.report = report
        self.root = root
        self.ran = 0
        self.found: list[tuple[str, int, str, str, str]] = []

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Take out the plugin that records what was proven."""
        manager = session.config.pluginmanager
        for plugin in manager.get_plugins():
            if isinstance(plugin, Recorder):
                manager.unregister(plugin)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item):  # type: ignore[no-untyped-def]
        """Note each example and script, and how it failed."""
        report = yield
        if report.when == "call":
            self.ran += 1
        if report.failed:
            code, line = "", 0
            if isinstance(item, SybilItem):
                line = item.example.line
                code = getattr(item.example.parsed, "source", "").strip()
            old, new = change(report.longreprtext)
            place = item.path
            if "script" in getattr(getattr(item, "callspec", None), "params", {}):
                place = item.callspec.params["script"]  # type: ignore[attr-defined]
            self.found.append((place.relative_to(self.root).as_posix(), line, code, old, new))
        return report

    def pytest_sessionfinish(self) -> None:
        """Write the report."""
        ran_on = facts()
        own = [each for each in self.found if not each[4].startswith("NameError")]
        lines = [
            f"# What torch {ran_on['torch']} (CUDA: {ran_on['cuda']}) changes",
            "",
            f"{self.ran} examples and scripts ran, {len(own)} differ on"
            f" {len({each[0] for each in own})} pages; {len(self.found) - len(own)} more failed for"
            " what failed before them.",
        ]
        page = ""
        for name, line, code, old, new in own:
            if name != page:
                page = name
                lines += ["", f"## {name}"]
            lines += ["", f"Line {line}:" if line else "The script:", ""]
            if code:
                lines += ["```python", code, "```", ""]
            lines += ["Shown:", "", "```text", old, "```", "", "Now:", "", "```text", new, "```"]
        self.report.parent.mkdir(parents=True, exist_ok=True)
        self.report.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where the report is."""
        terminalreporter.write_line(f"{len(self.found)} changes: {self.report}")
