"""A complete training script: it learns to read handwritten digits, and can be killed at any time.

`python -m snippets.recipe --folder runs/digits` trains; the same command goes on where it stopped.
"""

from __future__ import annotations

import argparse
import copy
import importlib.util
import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR
from torch.utils.data import DataLoader, Dataset, TensorDataset, random_split

from snippets.checkpoint import load_checkpoint, save_checkpoint

Batch = tuple[Tensor, ...]  # images and targets


@dataclass(frozen=True)
class Settings:
    """Everything that a run depends on, besides its data."""

    epochs: int = 20
    batch_size: int = 64
    lr: float = 3e-3
    weight_decay: float = 0.05
    warmup: float = 0.1  # the share of all steps
    max_norm: float = 1.0
    patience: int = 5
    seed: int = 0


@dataclass
class Progress:
    """Where a run stands: its settings, the losses so far, the best model with its loss.

    `state_dict` and `load_state_dict` let a checkpoint hold it.
    """

    settings: dict[str, Any]
    train_losses: list[float] = field(default_factory=list)
    valid_losses: list[float] = field(default_factory=list)
    best_loss: float = float("inf")
    best_model: dict[str, Tensor] = field(default_factory=dict)
    bad_epochs: int = 0

    def update(self, train_loss: float, valid_loss: float, model: nn.Module) -> None:
        """Note an epoch; keep a copy of the model, which goes on changing, if it is the best."""
        self.train_losses.append(train_loss)
        self.valid_losses.append(valid_loss)
        self.bad_epochs += 1
        if valid_loss < self.best_loss:
            self.best_loss, self.bad_epochs = valid_loss, 0
            self.best_model = copy.deepcopy(model.state_dict())

    def state_dict(self) -> dict[str, Any]:
        """Return all fields."""
        return dict(vars(self))

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over all fields; raise ValueError if they come from a run with other settings."""
        if state["settings"] != self.settings:
            raise ValueError(f"saved with {state['settings']}, asked for {self.settings}")
        vars(self).update(state)


def device() -> torch.device:
    """Return the accelerator of this machine, or the CPU where there is none.

    >>> device().type == "cpu" or torch.accelerator.is_available()
    True
    """
    found = torch.accelerator.current_accelerator(check_available=True)
    return found or torch.device("cpu")


def seed_everything(seed: int) -> None:
    """Seed each global generator, also those that only libraries use; ask cuDNN to repeat itself.

    >>> seed_everything(0)
    """
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.backends.cudnn.deterministic = True


def load_data(seed: int) -> list[Dataset[Batch]]:
    """Return scikit-learn's 1,797 digits as sets for training, validation and test.

    An image has shape (1, 8, 8), float32 from 0 to 1; a target is its digit, int64. The images are
    normalized by constants that don't depend on the split.

    >>> [len(part) for part in load_data(seed=0)]
    [1257, 270, 270]
    """
    from sklearn.datasets import load_digits  # a data set that a package ships: no download

    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
    targets = torch.tensor(digits.target, dtype=torch.int64)
    whole = TensorDataset(images, targets)
    generator = torch.Generator().manual_seed(seed)
    return list(random_split(whole, [1257, 270, 270], generator))


def build_model() -> nn.Sequential:
    """Return a small convolutional network from (N, 1, 8, 8) images to (N, 10) logits.

    >>> build_model()(torch.zeros(2, 1, 8, 8)).shape
    torch.Size([2, 10])
    """
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(32 * 4 * 4, 10),
    )


def decay_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Return two parameter groups: matrices and kernels decay, biases and scales don't.

    >>> groups = decay_groups(build_model(), 0.1)
    >>> [(group["weight_decay"], len(group["params"])) for group in groups]
    [(0.1, 3), (0.0, 5)]
    """
    named = [item for item in model.named_parameters() if item[1].requires_grad]
    return [
        {"params": [item for item in named if item[1].dim() > 1], "weight_decay": weight_decay},
        {"params": [item for item in named if item[1].dim() <= 1], "weight_decay": 0.0},
    ]


def make_schedule(optimizer: AdamW, warmup_steps: int, total_steps: int) -> SequentialLR:
    """Return a schedule by steps: a linear rise from 1 % of the learning rate, then a half cosine.

    >>> optimizer = AdamW([nn.Parameter(torch.zeros(1))], lr=1.0)
    >>> schedule = make_schedule(optimizer, 2, 10)
    >>> rates = []
    >>> for _ in range(10):
    ...     rates.append(round(schedule.get_last_lr()[0], 2))
    ...     optimizer.step()
    ...     schedule.step()
    >>> rates
    [0.01, 0.51, 1.0, 0.96, 0.85, 0.69, 0.5, 0.31, 0.15, 0.04]
    """
    warmup = LinearLR(optimizer, start_factor=0.01, total_iters=warmup_steps)
    cosine = CosineAnnealingLR(optimizer, T_max=total_steps - warmup_steps)
    return SequentialLR(optimizer, [warmup, cosine], milestones=[warmup_steps])


def batches(data: Dataset[Batch], settings: Settings, epoch: int) -> DataLoader[Batch]:
    """Return an epoch's batches, in an order that depends on the seed and the epoch alone.

    So a run that resumes needs no state of the loader: it asks for the epoch it is in.

    >>> data = load_data(seed=0)[0]
    >>> one, again, other = (next(iter(batches(data, Settings(), epoch))) for epoch in (0, 0, 1))
    >>> torch.equal(one[1], again[1]), torch.equal(one[1], other[1])
    (True, False)
    """
    order = torch.Generator().manual_seed(1_000_003 * settings.seed + epoch)
    return DataLoader(data, settings.batch_size, shuffle=True, drop_last=True, generator=order)


def train_epoch(
    model: nn.Module,
    data: Iterable[Batch],
    optimizer: AdamW,
    schedule: SequentialLR,
    max_norm: float,
) -> float:
    """Train on each batch once; return the mean loss over the examples.

    Raises:
        RuntimeError: If a gradient is not finite, before it can reach the weights.

    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10)).to(device())
    >>> optimizer = AdamW(model.parameters(), lr=0.01)
    >>> data = batches(load_data(0)[0], Settings(), epoch=0)
    >>> schedule = make_schedule(optimizer, 1, 2 * len(data))
    >>> losses = [train_epoch(model, data, optimizer, schedule, max_norm=1.0) for _ in range(2)]
    >>> losses[1] < losses[0]
    True
    """
    model.train()
    total, count = 0.0, 0
    for batch in data:
        images, targets = (tensor.to(device()) for tensor in batch)
        loss = cross_entropy(model(images), targets)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm, error_if_nonfinite=True)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        total += loss.item() * len(targets)
        count += len(targets)
    return total / count


def evaluate(model: nn.Module, data: Dataset[Batch]) -> tuple[float, float]:
    """Return the mean loss and the accuracy over all examples, in evaluation mode.

    The loader has a generator of its own, so that evaluating draws nothing from the global stream.

    >>> model = build_model().to(device())
    >>> evaluate(model, load_data(0)[1]) == evaluate(model, load_data(0)[1])
    True
    """
    model.eval()
    total, right, count = 0.0, 0, 0
    with torch.inference_mode():
        for batch in DataLoader(data, 256, generator=torch.Generator()):
            images, targets = (tensor.to(device()) for tensor in batch)
            logits = model(images)
            total += cross_entropy(logits, targets, reduction="sum").item()
            right += int((logits.argmax(dim=1) == targets).sum())
            count += len(targets)
    return total / count, right / count


def train(settings: Settings, folder: Path, *, show_progress: bool = False) -> tuple[float, float]:
    """Train, or go on from the folder's checkpoint; return loss and accuracy on the test set.

    A checkpoint is written after each epoch, so what is lost when the process dies is less than
    one epoch, and what is computed afterwards is the same to the last bit.

    Args:
        settings: The same ones when a run goes on.
        folder: Where `last.pt` is, or will be.
        show_progress: Whether to show a bar, if tqdm is installed.

    Returns:
        The best model's mean loss and its accuracy (0 to 1) on examples that no choice has used.

    Raises:
        CheckpointError: If the folder's checkpoint doesn't fit this model.
        ValueError: If it was written by a run with other settings.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     loss, accuracy = train(Settings(epochs=3), Path(folder))
    >>> accuracy > 0.9
    True
    """
    seed_everything(settings.seed)
    train_set, valid_set, test_set = load_data(settings.seed)
    model = build_model().to(device())
    optimizer = AdamW(decay_groups(model, settings.weight_decay), lr=settings.lr)
    steps = settings.epochs * len(batches(train_set, settings, epoch=0))
    schedule = make_schedule(optimizer, max(1, round(settings.warmup * steps)), steps)
    progress = Progress(asdict(settings))
    parts: dict[str, Any] = {"optimizer": optimizer, "schedule": schedule, "progress": progress}

    path, start = folder / "last.pt", 0
    if path.exists():
        start = load_checkpoint(path, model=model, **parts)
    for epoch in bar(range(start, settings.epochs), show_progress):
        if progress.bad_epochs >= settings.patience:
            break
        data = batches(train_set, settings, epoch)
        train_loss = train_epoch(model, data, optimizer, schedule, settings.max_norm)
        valid_loss, _ = evaluate(model, valid_set)
        progress.update(train_loss, valid_loss, model)
        save_checkpoint(path, epoch + 1, model=model, **parts)

    model.load_state_dict(progress.best_model)
    return evaluate(model, test_set)


def bar(items: Iterable[int], show: bool) -> Iterable[int]:
    """Return the items, behind a progress bar if it is wanted and tqdm is installed.

    >>> list(bar(range(3), show=False))
    [0, 1, 2]
    """
    if not show or importlib.util.find_spec("tqdm") is None:
        return items
    from tqdm.auto import tqdm

    progress: Iterable[int] = tqdm(items, unit="epoch")
    return progress


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, train, and print what was reached.

    >>> from contextlib import redirect_stderr, redirect_stdout
    >>> from io import StringIO
    >>> from tempfile import TemporaryDirectory
    >>> printed = StringIO()
    >>> with TemporaryDirectory() as folder, redirect_stderr(StringIO()), redirect_stdout(printed):
    ...     main(["--folder", folder, "--epochs", "1"])
    >>> printed.getvalue().split()[:2]
    ['test', 'loss']
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the checkpoint is kept")
    parser.add_argument("--epochs", type=int, default=Settings.epochs)
    parser.add_argument("--seed", type=int, default=Settings.seed)
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    settings = Settings(epochs=options.epochs, seed=options.seed)
    loss, accuracy = train(settings, options.folder, show_progress=True)
    print(f"test loss {loss:.3f}, accuracy {accuracy:.1%}")


if __name__ == "__main__":
    main()
