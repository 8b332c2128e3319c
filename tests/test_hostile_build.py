"""Input that would harm a build is named or contained, and leaves nothing behind."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.small_site import copy_settings

SCRIPT = '"""\nHead\n====\n\nText.\n"""\n\n{code}\n'
SOUND = SCRIPT.format(code="import torch\n\ntorch.set_default_dtype(torch.float64)\nassert True")
HEADER = "Gallery\n=======\n"


def site(folder: Path, scripts: dict[str, str], pages: dict[str, bytes], **settings: str) -> Path:
    """Make a small site with the project's own settings in a folder that isn't there yet."""
    folder.mkdir(parents=True)
    copy_settings(folder)
    text = (folder / "pyproject.toml").read_text(encoding="utf-8")
    for name, value in settings.items():
        line = next(line for line in text.split("\n") if line.startswith(f"{name} = "))
        text = text.replace(line, f"{name} = {value}")
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    (folder / "gallery").mkdir()
    (folder / "gallery" / "GALLERY_HEADER.rst").write_text(HEADER, encoding="utf-8")
    for name, code in scripts.items():
        (folder / "gallery" / name).write_text(code, encoding="utf-8")
    names = "\n".join(path.partition(".")[0] for path in pages)
    index = f"# Index\n\nText.\n\n```{{toctree}}\n{names}\ngallery/index\n```\n"
    (folder / "docs" / "index.md").write_text(index, encoding="utf-8")
    for name, data in pages.items():
        (folder / "docs" / name).write_bytes(data)
    return folder


def command(jobs: str = "1") -> list[str]:
    """Return how a site is built."""
    return [sys.executable, "-m", "sphinx", "-n", "-j", jobs, "-b", "html", "docs", "build"]


def build(folder: Path, jobs: str = "1", **environment: str) -> subprocess.CompletedProcess[str]:
    """Build a site."""
    env = {**os.environ, "GALLERY_JOBS": "1", "COLUMNS": "200", **environment}
    return subprocess.run(
        command(jobs), cwd=folder, capture_output=True, text=True, check=False, env=env
    )


def files(folder: Path) -> dict[str, str]:
    """Return a hash of each file of a built site; Sphinx's own memory of a build is left out."""
    left_out = {".doctrees", ".buildinfo"}
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((folder / "build").rglob("*"))
        if path.is_file() and not left_out.intersection(path.parts)
    }


PAGES = {f"page{number}.md": f"# Page {number}\n\nText {number}.\n".encode() for number in range(9)}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Build a site of hostile input, and return what the build said."""
    scripts = {
        "a_never_ends.py": SCRIPT.format(code="while True:\n    pass"),
        "b_eats.py": SCRIPT.format(code="kept = [bytearray(10**9) for _ in range(99)]"),
        "c_syntax.py": SCRIPT.format(code="x = = 1"),
        "d_next.py": SCRIPT.format(code="import torch\n\nassert torch.ones(1).sum() == 1"),
    }
    pages = {
        "large.md": b"# Large\n\n" + b"A line of words, of which there are many.\n\n" * 25_000,
    }
    folder = tmp_path_factory.mktemp("hostile") / "site"
    done = build(site(folder, scripts, pages, script_seconds="5", script_bytes="4_000_000_000"))
    assert (folder / "build" / "large.html").stat().st_size > 1_000_000
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "says",
    [
        "a_never_ends.py still ran after 5 s: that is the limit for a script",
        "MemoryError",
        "c_syntax.py",
        "SyntaxError",
        "1 scripts ran on torch",
    ],
)
def test_it_is_named(report: str, says: str) -> None:
    """Each fault is said with its file, and the script after them runs."""
    assert says in report, report


def test_a_page_in_another_encoding_is_named(tmp_path: Path) -> None:
    """The build ends with the page, the line and what to do."""
    pages = {"latin.md": "# Head\n\nCaf\xe9.\n".encode("latin-1")}
    done = build(site(tmp_path / "site", {}, pages))
    assert done.returncode != 0
    assert "docs/latin.md:3: byte 0xe9 is not UTF-8; save the file in that encoding" in done.stderr


def test_an_interrupted_build_leaves_nothing_behind(tmp_path: Path) -> None:
    """A build that is killed and begun again gives the site that a whole one gives."""
    whole = site(tmp_path / "whole" / "site", {"sound.py": SOUND}, PAGES)
    assert build(whole).returncode == 0
    started = time.monotonic()
    killed = site(tmp_path / "killed" / "site", {"sound.py": SOUND}, PAGES)
    process = subprocess.Popen(
        command(), cwd=killed, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "GALLERY_JOBS": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    for line in process.stdout:
        if "writing output" in line or time.monotonic() - started > 60:
            break
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    done = build(killed)
    assert done.returncode == 0, done.stderr
    assert files(killed) == files(whole)


def test_builds_are_identical(tmp_path: Path) -> None:
    """Builds in other folders, with other hash seeds and numbers of jobs, agree in each byte."""
    one = site(tmp_path / "one" / "site", {"sound.py": SOUND}, PAGES)
    two = site(tmp_path / "another" / "place" / "site", {"sound.py": SOUND}, PAGES)
    epoch = {"SOURCE_DATE_EPOCH": "1700000000"}
    assert build(one, "1", PYTHONHASHSEED="1", **epoch).returncode == 0
    time.sleep(1.1)
    assert build(two, "2", PYTHONHASHSEED="2", **epoch).returncode == 0
    assert files(one) == files(two)
    assert len(files(one)) > 30
    # The mends of the markup come after the style sheet is put into it, in a first build too.
    page = (one / "build" / "gallery" / "index.html").read_text(encoding="utf-8")
    assert "data-tooltip" in page
    assert "[tooltip]" not in page
