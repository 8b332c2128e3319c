"""Each gallery script runs as a reader runs it: downloaded, alone, in an empty folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = sorted(Path(__file__).parent.parent.glob("gallery/**/*.py"))


def test_there_are_scripts() -> None:
    """The test below has something to run."""
    assert SCRIPTS


@pytest.mark.script("script")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_runs_alone(script: Path, tmp_path: Path) -> None:
    """It ends well, warns of nothing, writes no file, and can't reach this repository's code."""
    shutil.copy(script, tmp_path)
    blocked = (
        "import sys; sys.modules['snippets'] = None; import runpy; runpy.run_path(sys.argv[1])"
    )
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", blocked, script.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "MPLBACKEND": "agg"},
    )
    assert result.returncode == 0, result.stderr
    assert [path.name for path in tmp_path.iterdir()] == [script.name]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_shows_and_asserts(script: Path) -> None:
    """It has a title, a picture, an assert, a link to its page, and 30 to 150 lines."""
    text = script.read_text(encoding="utf-8")
    assert text.startswith('"""\n')
    assert "assert " in text
    assert "plt.show()" in text
    assert ":doc:`/guide/" in text
    assert 30 <= text.count("\n") <= 150
