"""The recipe: it learns, and killed and resumed it ends on the same bits."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._pytree import tree_leaves
from tqdm.std import tqdm

from snippets import recipe
from snippets.checkpoint import CheckpointError, save_checkpoint


def command(folder: Path, *, epochs: int = 20) -> list[str]:
    """Return the command line of a run."""
    options = ["--folder", str(folder), "--epochs", str(epochs)]
    return [sys.executable, "-W", "error", "-m", "snippets.recipe", *options]


def held(folder: Path) -> dict[str, Any]:
    """Return what the run's checkpoint holds."""
    content: dict[str, Any] = torch.load(folder / "last.pt")
    return content


def flat(value: Any) -> list[Any]:
    """Return the leaves of nested containers, tensors as lists."""
    return [
        leaf.tolist() if isinstance(leaf, torch.Tensor) else leaf for leaf in tree_leaves(value)
    ]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Run the recipe once, without interruption; return its folder and what it printed."""
    folder = tmp_path_factory.mktemp("whole")
    done = subprocess.run(command(folder), capture_output=True, text=True, check=True)
    return folder, done.stdout


def test_learns(whole: tuple[Path, str]) -> None:
    """It reads at least 97 % of the digits that no choice has used, and says so."""
    folder, printed = whole
    _, accuracy = recipe.train(recipe.Settings(), folder)  # nothing left to train
    assert accuracy >= 0.97
    assert printed.endswith(f"accuracy {accuracy:.1%}\n")


def test_killed_and_resumed_is_bit_equal(whole: tuple[Path, str], tmp_path: Path) -> None:
    """Killed without warning in mid-run and started again, it ends where the whole run ended."""
    path = tmp_path / "last.pt"
    running = subprocess.Popen(command(tmp_path), stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while running.poll() is None and not (path.exists() and held(tmp_path)["step"] >= 4):
        assert time.monotonic() < deadline, "no checkpoint after a minute"
        time.sleep(0.005)
    os.kill(running.pid, signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL, "it ended before it could be killed"
    stopped = held(tmp_path)["step"]
    done = subprocess.run(command(tmp_path), capture_output=True, text=True, check=True)
    assert done.stdout == whole[1]
    ours, theirs = held(tmp_path), held(whole[0])
    assert 4 <= stopped < ours["step"]
    assert flat(ours) == flat(theirs)


def test_other_settings_are_refused(whole: tuple[Path, str]) -> None:
    """A run can't go on under other settings without being told."""
    with pytest.raises(ValueError, match=r"saved with .*'epochs': 20.*asked for .*'epochs': 30"):
        recipe.train(recipe.Settings(epochs=30), whole[0])


def test_other_checkpoint_is_refused(tmp_path: Path) -> None:
    """A checkpoint of something else is named, and stays."""
    save_checkpoint(tmp_path / "last.pt", 1, model=torch.nn.Linear(2, 1))
    with pytest.raises(CheckpointError, match="does not fit"):
        recipe.train(recipe.Settings(), tmp_path)
    assert held(tmp_path)["step"] == 1


def test_stops_early(tmp_path: Path) -> None:
    """With no patience for a bad epoch it stops at the first, and reports the best model."""
    settings = recipe.Settings(epochs=3, lr=1.0, patience=1)
    recipe.train(settings, tmp_path)
    progress = held(tmp_path)["states"]["progress"]
    losses = progress["valid_losses"]
    assert progress["best_loss"] == min(losses)
    assert len(losses) == 3 or losses[-1] >= min(losses[:-1])


def test_bar_only_where_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without tqdm, or unasked, the items come as they are."""
    items = range(2)
    assert recipe.bar(items, show=False) is items
    assert isinstance(recipe.bar(items, show=True), tqdm)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert recipe.bar(items, show=True) is items
