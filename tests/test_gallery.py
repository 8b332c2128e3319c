"""Each gallery script runs as a reader runs it: downloaded, alone, in an empty folder."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

Runs = dict[Path, tuple[Future[tuple[int, str]], Path]]
SCRIPTS = sorted(Path(__file__).parent.parent.glob("gallery/**/*.py"))


def test_there_are_scripts() -> None:
    """The test below has something to run."""
    assert SCRIPTS


# Runs a script without this repository's package, and raises where it writes to a file outside its
# folder; what Python and matplotlib keep for themselves (caches, /dev) is theirs.
WATCHED = """
import os, runpy, sys, tempfile
sys.modules["snippets"] = None
home = os.path.expanduser("~")
allowed = (os.getcwd(), tempfile.gettempdir(), "/dev", home + "/.cache", home + "/.config")
def watch(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and arguments[2] & 3:
        if not os.path.abspath(arguments[0]).startswith(allowed):
            raise PermissionError(f"the script writes outside its folder: {arguments[0]}")
sys.addaudithook(watch)
runpy.run_path(sys.argv[1])
"""


def run(script: Path, folder: Path) -> tuple[int, str]:
    """Run a script that was copied to an empty folder, with warnings as errors.

    Returns its exit status and what it said; a process that it leaves behind is ended and named.
    """
    folder.mkdir()
    shutil.copy(script, folder)
    with folder.with_suffix(".log").open("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", WATCHED, script.name],
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "MPLBACKEND": "agg"},
        )
        status = process.wait(timeout=120)
        log.seek(0)
        said = log.read()
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:  # nothing of it is left
        return status, said
    return 1, f"{said}\n{script.name} left a process behind"


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
    """It ends well, warns of nothing, leaves no file or process, and can't reach our package."""
    future, folder = runs[script]
    status, said = future.result()
    assert status == 0, said
    assert [path.name for path in folder.iterdir()] == [script.name]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("open('/srv/planted', 'w')", "the script writes outside its folder: /srv/planted"),
        ("open('fine.txt', 'w').close()", ""),
        ("import subprocess\nsubprocess.Popen(['sleep', '60'])", "left a process behind"),
        ("import snippets", "ModuleNotFoundError"),
        ("import warnings\nwarnings.warn('old')", "UserWarning: old"),
    ],
)
def test_what_a_script_may_not_do_is_named(code: str, says: str, tmp_path: Path) -> None:
    """A planted script that writes elsewhere, leaves a process, needs our package or warns."""
    script = tmp_path / "planted.py"
    script.write_text(code, encoding="utf-8")
    status, said = run(script, tmp_path / "alone")
    assert (status != 0) is bool(says)
    assert says in said


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_shows_and_asserts(script: Path) -> None:
    """It has a title, a picture, an assert, a link to its page, and 30 to 150 lines."""
    text = script.read_text(encoding="utf-8")
    assert text.startswith('"""\n')
    assert "assert " in text
    assert "plt.show()" in text
    assert ":doc:`/guide/" in text
    assert 30 <= text.count("\n") <= 150
