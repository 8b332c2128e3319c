"""Each gallery script runs as a reader runs it: downloaded, alone, in an empty folder."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

Runs = dict[Path, tuple[Future[subprocess.CompletedProcess[str]], Path]]
SCRIPTS = sorted(Path(__file__).parent.parent.glob("gallery/**/*.py"))


def test_there_are_scripts() -> None:
    """The test below has something to run."""
    assert SCRIPTS


def run(script: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script that was copied to an empty folder, with warnings as errors."""
    folder.mkdir()
    shutil.copy(script, folder)
    blocked = (
        "import sys; sys.modules['snippets'] = None; import runpy; runpy.run_path(sys.argv[1])"
    )
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", blocked, script.name],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "MPLBACKEND": "agg"},
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """Run all scripts, two at a time, each in a folder of its own."""
    place = tmp_path_factory.mktemp("gallery")
    with ThreadPoolExecutor(2) as pool:
        yield {
            script: (pool.submit(run, script, place / script.stem), place / script.stem)
            for script in SCRIPTS
        }
        pool.shutdown(cancel_futures=True)


@pytest.mark.script("script")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_runs_alone(script: Path, runs: Runs) -> None:
    """It ends well, warns of nothing, writes no file, and can't reach this repository's code."""
    future, folder = runs[script]
    result = future.result()
    assert result.returncode == 0, result.stderr
    assert [path.name for path in folder.iterdir()] == [script.name]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_shows_and_asserts(script: Path) -> None:
    """It has a title, a picture, an assert, a link to its page, and 30 to 150 lines."""
    text = script.read_text(encoding="utf-8")
    assert text.startswith('"""\n')
    assert "assert " in text
    assert "plt.show()" in text
    assert ":doc:`/guide/" in text
    assert 30 <= text.count("\n") <= 150
