"""Checkpoints: what is refused, that it changes nothing, that a save is whole or not at all."""

import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import ConstantLR, StepLR
from torch.utils._pytree import tree_leaves

from snippets.checkpoint import CheckpointError, load_checkpoint, rng_state, save_checkpoint


class Run:
    """A model, an optimizer and a scheduler, three steps along."""

    def __init__(self, width: int = 4) -> None:
        self.model = nn.Sequential(nn.Linear(3, width), nn.BatchNorm1d(width), nn.Dropout(0.5))
        self.optimizer = AdamW(self.model.named_parameters(), lr=0.1)
        self.scheduler = StepLR(self.optimizer, 2)
        for _ in range(3):
            self.step()

    @property
    def parts(self) -> dict[str, Any]:
        """What a checkpoint holds, by name."""
        return {
            "model": self.model,
            "optimizer": self.optimizer,
            "scheduler": self.scheduler,
        }

    def step(self) -> None:
        """Train on new random numbers."""
        self.optimizer.zero_grad()
        self.model(torch.randn(8, 3)).square().mean().backward()
        self.optimizer.step()
        self.scheduler.step()

    def bits(self) -> list[Any]:
        """Return everything that a failed load must leave alone, copied."""
        states: list[Any] = [part.state_dict() for part in self.parts.values()]
        leaves = tree_leaves([*states, rng_state()])
        return [leaf.tolist() if isinstance(leaf, Tensor) else leaf for leaf in leaves]


def test_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    """After loading, training is bit-equal to training that was never interrupted."""
    path = tmp_path / "last.pt"
    run = Run()
    save_checkpoint(path, 3, **run.parts)
    drawn = random.random(), np.random.rand()
    run.step()
    other = Run()
    assert load_checkpoint(path, **other.parts) == 3
    assert (random.random(), np.random.rand()) == drawn
    other.step()
    assert other.bits() == run.bits()


def flipped_bit(path: Path) -> None:
    """Write a checkpoint and change one bit of a number in it."""
    save_checkpoint(path, 1, **Run().parts)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        inside = content.index(archive.read("archive/data/0"))
    content[inside] ^= 1
    path.write_bytes(content)


def only_states(path: Path) -> None:
    """Write a state dict alone, as torch.save(model.state_dict()) does."""
    torch.save(Run().model.state_dict(), path)


def whole_model(path: Path) -> None:
    """Write a pickled model."""
    torch.save(Run().model, path)


def cut_off(keep: float) -> Callable[[Path], None]:
    """Return what writes a checkpoint and loses its end, keeping a share of it."""

    def write(path: Path) -> None:
        save_checkpoint(path, 1, **Run().parts)
        path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])

    return write


def other_model(path: Path) -> None:
    """Write a checkpoint of a wider model."""
    save_checkpoint(path, 1, **Run(5).parts)


def other_dtype(path: Path) -> None:
    """Write a checkpoint of a model in another precision."""
    run = Run()
    save_checkpoint(path, 1, **{**run.parts, "model": run.model.double()})


def other_optimizer(path: Path) -> None:
    """Write a checkpoint of another optimizer over the same parameters."""
    run = Run()
    save_checkpoint(path, 1, **{**run.parts, "optimizer": SGD(run.model.parameters())})


def other_order(path: Path) -> None:
    """Write a checkpoint of an optimizer that was given the parameters in another order."""
    run = Run()
    optimizer = AdamW(reversed(list(run.model.named_parameters())), lr=0.1)
    save_checkpoint(path, 1, **{**run.parts, "optimizer": optimizer})


def other_groups(path: Path) -> None:
    """Write a checkpoint of an optimizer with two groups."""
    run = Run()
    groups: Any = [{"params": [*layer.parameters()]} for layer in run.model.children()][:2]
    save_checkpoint(path, 1, **{**run.parts, "optimizer": AdamW(groups, lr=0.1)})


def other_scheduler(path: Path) -> None:
    """Write a checkpoint of another scheduler."""
    run = Run()
    save_checkpoint(path, 1, **{**run.parts, "scheduler": ConstantLR(run.optimizer)})


def no_scheduler(path: Path) -> None:
    """Write a checkpoint that lacks a part."""
    run = Run()
    save_checkpoint(path, 1, model=run.model, optimizer=run.optimizer)


def extra_part(path: Path) -> None:
    """Write a checkpoint with a part that the loader doesn't ask for."""
    run = Run()
    save_checkpoint(path, 1, **run.parts, scaler=torch.amp.GradScaler("cpu"))


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (lambda path: path.write_text("hello"), "is cut off, or no file of torch.save"),
        (lambda path: path.write_bytes(b""), "is cut off, or no file of torch.save"),
        (flipped_bit, r"is damaged: archive/data/\d+ is not as it was written"),
        *(
            (cut_off(keep), "is cut off, or no file")
            for keep in (0.001, 0.01, 0.1, 0.5, 0.9, 0.999)
        ),
        (only_states, "holds a OrderedDict that save_checkpoint did not write"),
        (whole_model, "was refused: it holds objects that could run code"),
        (other_model, r"'0.weight' is float32 \(5, 3\) in the file and float32 \(4, 3\) in the m"),
        (other_model, r"parameter 0 of group 0 is 0.weight \(5, 3\) in the file and 0.weight \(4"),
        (other_dtype, r"'0.weight' is float64 \(4, 3\) in the file and float32 \(4, 3\) in the m"),
        (other_optimizer, "optimizer: SGD in the file and AdamW here"),
        (other_order, r"parameter 0 of group 0 is 1.bias \(4,\) in the file and 0.weight \(4, 3"),
        (other_groups, r"groups of \[2, 2\] parameters in the file and of \[4\] here"),
        (other_scheduler, "scheduler: ConstantLR in the file and StepLR here"),
        (no_scheduler, "the file has no scheduler, only 'model', 'optimizer'"),
        (extra_part, "the file also has 'scaler': pass it"),
    ],
)
def test_refusal_changes_nothing(
    write: Callable[[Path], object], says: str, tmp_path: Path
) -> None:
    """What doesn't fit is named with what is wrong; model, parts and file stay as they were."""
    path = tmp_path / "last.pt"
    write(path)
    held = path.read_bytes()
    run = Run()
    before = run.bits()
    with pytest.raises(CheckpointError, match=says) as caught:
        load_checkpoint(path, **run.parts)
    assert str(path) in str(caught.value)
    assert run.bits() == before
    assert path.read_bytes() == held


def test_missing_file_is_an_os_error(tmp_path: Path) -> None:
    """No file is no checkpoint that doesn't fit: the caller may want to start from nothing."""
    with pytest.raises(FileNotFoundError, match=r"last\.pt"):
        load_checkpoint(tmp_path / "last.pt", model=nn.Linear(1, 1))


def test_failed_save_keeps_the_old_file(tmp_path: Path) -> None:
    """A part that can't be saved leaves the old checkpoint, and no half of a new one."""

    class Bad(SGD):
        def state_dict(self) -> dict[str, Any]:
            return {"function": lambda: None}

    path = tmp_path / "last.pt"
    model = nn.Linear(1, 1)
    save_checkpoint(path, 1, model=model)
    with pytest.raises(AttributeError, match="local object"):
        save_checkpoint(path, 2, model=model, optimizer=Bad(model.parameters()))
    assert [each.name for each in tmp_path.iterdir()] == ["last.pt"]
    assert load_checkpoint(path, model=model) == 1


def test_killed_save_keeps_the_old_file(tmp_path: Path) -> None:
    """A process that dies after writing, before the rename, leaves the old checkpoint to load."""
    path = tmp_path / "last.pt"
    model = nn.Linear(1, 1)
    save_checkpoint(path, 1, model=model)
    dies = (
        "import os, sys, torch\n"
        "from snippets.checkpoint import save_checkpoint\n"
        "os.fsync = lambda _: os._exit(9)\n"
        "save_checkpoint(sys.argv[1], 2, model=torch.nn.Linear(1, 1))\n"
    )
    ended = subprocess.run([sys.executable, "-c", dies, str(path)], check=False, env=os.environ)
    assert ended.returncode == 9
    assert load_checkpoint(path, model=model) == 1


def test_link_is_followed(tmp_path: Path) -> None:
    """A link to the newest checkpoint stays a link."""
    (tmp_path / "link.pt").symlink_to(tmp_path / "real.pt")
    save_checkpoint(tmp_path / "link.pt", 1, model=nn.Linear(1, 1))
    assert (tmp_path / "link.pt").is_symlink()
    assert (tmp_path / "real.pt").exists()


def test_nothing_runs_on_load(tmp_path: Path) -> None:
    """A file whose loading would call a function is refused, and the function is not called."""

    class Trap:
        def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
            return os.mkdir, (str(tmp_path / "called"),)

    torch.save({"format": "snippets.checkpoint 1", "trap": Trap()}, tmp_path / "last.pt")
    with pytest.raises(CheckpointError, match="could run code"):
        load_checkpoint(tmp_path / "last.pt", model=nn.Linear(1, 1))
    assert not (tmp_path / "called").exists()


def test_a_wrong_bit_in_the_directory_is_named_or_does_no_harm(tmp_path: Path) -> None:
    """A zip's directory has no checksum: a flip there is refused by name, or reads as saved."""
    path = tmp_path / "last.pt"
    saved, run = Run(), Run()
    save_checkpoint(path, 3, **saved.parts)
    held = path.read_bytes()
    start = held.index(b"PK\x01\x02")
    # The mark of a folder (bit 0x10 of byte 38 of an entry) makes torch.load return garbage.
    marks = [at + 38 for at in range(len(held) - 4) if held[at : at + 4] == b"PK\x01\x02"]
    assert len(marks) > 5
    flips = [(at, 0x10) for at in marks]
    flips += [(at, 1 << at % 8) for at in range(start, len(held), 5)]
    refused = 0
    for at, bit in flips:
        content = bytearray(held)
        content[at] ^= bit
        path.write_bytes(content)
        before = run.bits()
        try:
            load_checkpoint(path, **run.parts)
        except CheckpointError:
            refused += 1
            assert run.bits() == before, (at, bit)
        else:
            assert run.bits() == saved.bits(), (at, bit)
    assert refused >= len(marks)
