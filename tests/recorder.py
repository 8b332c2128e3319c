"""The pytest plugin that leaves a record of what a run proved (see docs/_ext/records.py).

A page is recorded when each of its examples passed or was skipped for a stated reason, in one run.
One failure, and the page's record goes. A run of some of its examples proves nothing either way.
"""

import doctest
import platform
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import records
from records import Record, RefusedError
from sybil.integration.pytest import SybilFile, SybilItem

from tests.simulate import simulator


def facts() -> dict[str, Any]:
    """Return on what this run ran."""
    import torch

    return {
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "date": datetime.now(UTC).date().isoformat(),
    }


class Seen:
    """What the run has seen of one page, module or script."""

    def __init__(self, content: str, expected: int) -> None:
        self.content = content
        self.expected = expected
        self.failed = False
        self.compared = 0
        self.simulated: list[int] = []
        self.skipped: dict[str, list[int]] = {}

    def whole(self) -> bool:
        """Say whether all examples were seen."""
        skipped = sum(len(lines) for lines in self.skipped.values())
        return self.compared + len(self.simulated) + skipped == self.expected

    def record(self, ran_on: dict[str, Any]) -> Record:
        """Return the record."""
        return Record(
            content=self.content,
            compared=self.compared,
            simulated=self.simulated,
            skipped=self.skipped,
            **ran_on,
        )


class Recorder:
    """Watches the run, and writes the records at its end."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.seen: dict[str, Seen] = {}
        self.said = ""

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take the fingerprints of what will run, before it runs."""
        prints = records.Fingerprints(self.root)
        for item in session.items:
            name = self.proves(item)
            if name is None or name in self.seen:
                continue
            count = 1
            if isinstance(item.parent, SybilFile):
                shown = [each.parsed for page in item.parent.documents for each in page.examples()]
                count = sum(isinstance(parsed, doctest.Example) for parsed in shown)
            self.seen[name] = Seen(prints.of(name), count)

    def proves(self, item: pytest.Item) -> str | None:
        """Return the page or module of an example, the script that a test runs, or None."""
        if isinstance(item, SybilItem):
            return item.path.relative_to(self.root).as_posix()
        marker = item.get_closest_marker("script")
        if marker is None or not isinstance(item, pytest.Function):
            return None
        script = item.callspec.params[marker.args[0]]
        assert isinstance(script, Path)
        return script.relative_to(self.root).as_posix()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note how each example and each script ended."""
        report = yield
        name = self.proves(item)
        if name is not None:
            self.note(self.seen[name], item, report)
        return report

    def note(self, seen: Seen, item: pytest.Item, report: pytest.TestReport) -> None:
        """Note one report; that a mark was obeyed is no example."""
        if report.failed:
            seen.failed = True
        elif report.when != "call":
            return
        elif not isinstance(item, SybilItem):
            seen.compared += report.passed
        elif isinstance(item.example.parsed, doctest.Example):
            line = item.example.line
            if report.skipped:
                assert isinstance(report.longrepr, tuple)
                reason = report.longrepr[2].removeprefix("Skipped: ")
                seen.skipped.setdefault(reason, []).append(line)
            elif (item.example.path, line) in simulator.simulated:
                seen.simulated.append(line)
            else:
                seen.compared += 1

    def pytest_sessionfinish(self) -> None:
        """Write the records of what passed, and take out those of what failed."""
        failed = {name for name, seen in self.seen.items() if seen.failed}
        passed = {name for name, seen in self.seen.items() if seen.whole()} - failed
        if not failed | passed:
            return
        ran_on = facts()
        path = self.root / records.FOLDER / f"{'cuda' if ran_on['cuda'] else 'cpu'}.json"
        try:
            kept = records.load(path)
        except RefusedError as error:
            kept, self.said = {}, f"{error}, so it was begun anew; "
        kept = {name: kept[name] for name in kept if (self.root / name).is_file()}
        for name in failed & kept.keys():
            del kept[name]
        kept |= {name: self.seen[name].record(ran_on) for name in passed}
        records.save(path, kept)
        place = path.relative_to(self.root)
        self.said += f"{len(passed)} recorded in {place}, {len(failed)} failed"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was recorded."""
        if self.said:
            terminalreporter.write_line(f"pages, modules and scripts: {self.said}")
