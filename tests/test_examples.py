"""`python -m snippets` lists the gallery's scripts and copies them, and loses nothing."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from snippets.__main__ import copy, examples, main, title

ROOT = Path(__file__).parent.parent


def test_lists_all_with_their_titles(capsys: pytest.CaptureFixture[str]) -> None:
    """Each script of the gallery has a line."""
    assert main([]) == 0
    lines = capsys.readouterr().out.split("\n")
    for path in ROOT.glob("gallery/*/*.py"):
        assert any(path.stem in line and title(path) in line for line in lines), path


def test_copies_to_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The copy is the script, byte for byte, and its place is said."""
    monkeypatch.chdir(tmp_path)
    assert main(["watch_a_loop_leak.py"]) == 0
    made = tmp_path / "watch_a_loop_leak.py"
    assert made.read_bytes() == examples()["watch_a_loop_leak"].read_bytes()
    assert str(made) in capsys.readouterr().out


def test_leaves_what_exists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file of the name is kept unless asked; the other names are copied all the same."""
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "watch_a_loop_leak.py"
    own.write_text("mine")
    assert main(["watch_a_loop_leak", "weigh_a_training_step"]) == 1
    assert own.read_text() == "mine"
    assert (tmp_path / "weigh_a_training_step.py").exists()
    assert "left as it is; --force overwrites it" in capsys.readouterr().err
    assert main(["watch_a_loop_leak", "--force"]) == 0
    assert own.read_text() != "mine"


def test_unknown_name_offers_the_nearest(tmp_path: Path) -> None:
    """A misspelled or half-remembered name gets the ones it may stand for."""
    with pytest.raises(KeyError, match=r"no example wach_a_loop; did you mean watch_a_loop_leak"):
        copy("wach_a_loop", tmp_path)
    with pytest.raises(KeyError, match=r"no example \.\./\.\./etc"):
        copy("../../etc/passwd", tmp_path)
    assert not [*tmp_path.iterdir()]


def test_an_installed_package_has_the_examples(tmp_path: Path) -> None:
    """The wheel carries the gallery, so that nothing needs this repository."""
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "-q",
        "-w",
        str(tmp_path),
        str(ROOT),
    ]
    subprocess.run(build, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if name.startswith("snippets/gallery/")}
    assert {f"snippets/{path.relative_to(ROOT).as_posix()}" for path in examples().values()} <= held
