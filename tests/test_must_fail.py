"""Each kind of fault, planted, is caught and named by the check that should catch it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.small_site import copy_harness, copy_settings

PLANTED = Path(__file__).parent / "planted"


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a Python module in the folder, with this environment's packages."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "200", "GALLERY_JOBS": "1"},
    )


@pytest.fixture(scope="module")
def page_report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Run the project's own harness over the planted pages; return what pytest printed."""
    site = tmp_path_factory.mktemp("pages")
    copy_harness(site, "tests/test_pages.py")
    skipped = shutil.ignore_patterns("index.md")
    shutil.copytree(PLANTED / "docs", site / "docs", ignore=skipped, dirs_exist_ok=True)
    result = run("pytest", "docs", "tests", "-p", "no:cacheprovider", cwd=site)
    assert result.returncode == 1, result.stdout + result.stderr
    return result.stdout


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ("docs/wrong_value.md::line:5,column:1", "tensor([0, 1, 3])"),
        ("docs/wrong_error.md::line:5,column:1", "invalid for input of size 7"),
        ("docs/wrong_float.md::line:5,column:1", "tensor([2., 2.])"),
        ("docs/nested_fence.md::line:5,column:1", "Expected:\n    3"),
        ("docs/simulated.md::line:9,column:1", "Expected:\n    torch.Size([3, 2])"),
        ("docs/simulated_anew.md::line:12,column:1", "may not bind the page's x anew"),
        ("docs/simulated_anew.md::line:21,column:1", "NameError: name 'y' is not defined"),
    ],
)
def test_doctest_catches(page_report: str, item: str, says: str) -> None:
    """A wrong output is a failed test at the page's own line, with what was expected."""
    assert f"FAILED {item}" in page_report
    assert says in page_report


@pytest.mark.parametrize(
    "says",
    [
        "docs/pycon_fence.md:8: a pycon fence: label it python, so that it runs",
        "docs/pycon_fence.md:9: a prompt that nothing runs",
        "docs/bare_fence.md:9: a prompt that nothing runs",
        "docs/fence_in_directive.md:8: Python in {code-block}: use a python fence with prompts",
        "docs/skipped.md:4: a doctest flag: # doctest:",
        "docs/skipped_block.md:3: a skip: % skip: next",
        "docs/unmatched.md:3: an end without its start: % skip: end",
        "docs/unmatched.md:7: a skip within a simulate",
        "docs/unmatched.md:11: a simulate that never ends",
        "docs/no_prompt.md:8: a python fence without a prompt: nothing compares it",
        "docs/hidden_traceback.md:5: a traceback whose lines nothing compares",
        "docs/nothing_to_check.md:1: a page with nothing to check",
        "docs/guide/tensors has 0 checked examples",
        "docs/misquoted.md: planted-section: list index out of reach",
        "docs/misquoted.md: planted-nowhere: list index out of range",
    ],
)
def test_guard_catches(page_report: str, says: str) -> None:
    """What would escape the doctests is named with page and line."""
    assert re.search(rf"^E\s.*{re.escape(says)}", page_report, re.MULTILINE), page_report


def test_sound_rows_pass(page_report: str) -> None:
    """A row that quotes its page word for word is not reported."""
    assert "planted-section: list index out of range" not in page_report


@pytest.fixture(scope="module")
def build_report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Build the planted site with the project's own settings; return what Sphinx printed."""
    site = tmp_path_factory.mktemp("site")
    copy_settings(site)
    shutil.copytree(PLANTED / "gallery", site / "gallery")
    shutil.copy(PLANTED / "docs" / "index.md", site / "docs")
    (site / "docs" / "_inventory" / "python.inv").write_text("broken", encoding="utf-8")
    result = run("sphinx", "-n", "-W", "-b", "html", "docs", "build", cwd=site)
    assert result.returncode != 0, result.stdout + result.stderr
    return result.stdout + result.stderr


@pytest.mark.parametrize(
    "says",
    [
        r"docs/index\.md:3: WARNING: .*nowhere\.md",
        r"docs/index\.md:3: WARNING: py:func reference target not found: torch\.no_such_function",
        r"docs/index\.md:5: .*draw: ValueError: draw\.storage needs strided tensors",
        r"docs/index\.md:9: .*draw: the option :alt: must say what the picture shows",
        r"WARNING: docs/_inventory/python\.inv is missing or no inventory.*nox -s inventory",
        r"(?s)gallery/raises\.py.*assert 1 \+ 1 == 3.*AssertionError",
        r"(?s)gallery/warns\.py.*DeprecationWarning: this is old",
        r"gallery: 1 scripts ran on torch .*, 0 unchanged since they ran on it, 2 failed",
    ],
)
def test_build_catches(build_report: str, says: str) -> None:
    """A fault that only the build can see ends it, and is named with its file."""
    assert re.search(says, build_report), build_report
