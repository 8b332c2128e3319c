"""Checkpoints to copy into real work: written whole or not at all, checked before they are used.

A checkpoint holds a step number, the state of a model and of everything else that trains it
(optimizer, scheduler, scaler, or any object with `state_dict` and `load_state_dict`), and the
random number generators of Python, NumPy and torch. A file holds tensors and plain values alone,
so it loads under `weights_only=True` and can't run code.
"""

from __future__ import annotations

import os
import pickle
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

FORMAT = "snippets.checkpoint 1"

# What zipfile and torch.load raise for a file with wrong bits in it.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    ValueError,
)


class Stateful(Protocol):
    """What can be saved: an optimizer, a scheduler, a scaler, or an object of your own."""

    def state_dict(self) -> Mapping[str, Any]:
        """Return all that is needed to go on, in tensors and plain values."""

    def load_state_dict(self, state_dict: Any) -> Any:
        """Take over what `state_dict` returned."""


class CheckpointError(ValueError):
    """A file that can't be loaded here; nothing has been changed by the attempt."""


def save_checkpoint(path: str | Path, step: int, *, model: nn.Module, **parts: Stateful) -> None:
    """Write a checkpoint, so that at each moment the path holds the old file or the whole new one.

    The file is written under another name beside the path, forced to disk, and then renamed, which
    replaces the old file in one step. If that fails, the old file stays and the new one is removed.

    Args:
        path: Where to write. A symbolic link is followed. The folder must exist.
        step: How far training has come, a number of your choice.
        model: The model, parameters and persistent buffers.
        parts: What else has state, by name: `optimizer=optimizer, scheduler=scheduler`.

    Raises:
        OSError: If the file can't be written.

    >>> from tempfile import TemporaryDirectory
    >>> model = nn.Linear(2, 1)
    >>> with TemporaryDirectory() as folder:
    ...     save_checkpoint(Path(folder, "last.pt"), 7, model=model)
    ...     load_checkpoint(Path(folder, "last.pt"), model=model)
    7
    """
    everything = {"model": model, **parts}
    content = {
        "format": FORMAT,
        "step": step,
        "kinds": {name: type(part).__name__ for name, part in everything.items()},
        "shapes": {name: _shapes(part) for name, part in parts.items()},
        "states": {name: part.state_dict() for name, part in everything.items()},
        "rng": rng_state(),
    }
    path = Path(path).resolve()
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def load_checkpoint(path: str | Path, *, model: nn.Module, **parts: Stateful) -> int:
    """Load a checkpoint into the model, the other parts and the random number generators.

    Everything is compared with what the file holds before anything is changed: names, shapes and
    dtypes of the model; class, groups, names and shapes of an optimizer; class and keys of the
    other parts. Values go to the devices that the model and the optimizer's parameters are on.

    Args:
        path: A file that `save_checkpoint` wrote.
        model: A model like the one that was saved.
        parts: The same parts, by the same names, as when the file was written.

    Returns:
        The step that was saved.

    Raises:
        CheckpointError: If the file is cut off, holds something else, holds objects that could run
            code, or doesn't fit; the message says what. Nothing has been changed then.
        OSError: If there is no such file, or it can't be read.

    >>> from tempfile import TemporaryDirectory
    >>> small, large = nn.Linear(2, 1), nn.Sequential(nn.Linear(3, 1))
    >>> with TemporaryDirectory() as folder:
    ...     save_checkpoint(Path(folder, "last.pt"), 7, model=small)
    ...     try:
    ...         load_checkpoint(Path(folder, "last.pt"), model=large)
    ...     except CheckpointError as error:
    ...         print(str(error).replace(folder, ""))
    /last.pt does not fit:
      model: the file lacks '0.weight', '0.bias'
      model: the file has 'weight', 'bias', which the model has not
    """
    content = _read(Path(path))
    everything = {"model": model, **parts}
    problems = list(_problems(content, everything))
    if problems:
        raise CheckpointError("\n  ".join([f"{path} does not fit:", *problems]))
    for name, part in everything.items():
        part.load_state_dict(content["states"][name])
    set_rng_state(content["rng"])
    return int(content["step"])


def rng_state() -> dict[str, Any]:
    """Return the state of every global random number generator, in tensors and plain values.

    Returns:
        The states of `random`, of `numpy.random`, of torch on the CPU, and of torch on each CUDA
        device (none without one). A `torch.Generator` of your own is not among them.

    >>> state = rng_state()
    >>> first = torch.rand(3)
    >>> set_rng_state(state)
    >>> torch.equal(torch.rand(3), first)
    True
    """
    name, keys, position, has_gauss, cached = np.random.get_state(legacy=True)
    return {
        "python": random.getstate(),
        "numpy": (name, np.asarray(keys).tolist(), position, has_gauss, cached),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def set_rng_state(state: Mapping[str, Any]) -> None:
    """Put every global random number generator where `rng_state` found it.

    States of CUDA devices that are not here are left out.

    >>> set_rng_state(rng_state())
    """
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    for device in range(min(len(state["cuda"]), torch.cuda.device_count())):
        torch.cuda.set_rng_state(state["cuda"][device], device)


def _read(path: Path) -> dict[str, Any]:
    """Return what the file holds, or raise CheckpointError if it is not one of ours."""
    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                folders = (
                    each.filename for each in archive.infolist() if each.external_attr & 0x10
                )
                damaged = archive.testzip() or next(folders, None)
        except DAMAGE as error:
            raise CheckpointError(
                f"{path} is cut off, or no file of torch.save: {error}"
            ) from error
        if damaged:
            raise CheckpointError(f"{path} is damaged: {damaged} is not as it was written")
        file.seek(0)
        try:
            content = torch.load(file, map_location="cpu", weights_only=True)
        except pickle.UnpicklingError as error:
            raise CheckpointError(
                f"{path} was refused: it holds objects that could run code when they are loaded"
            ) from error
        except DAMAGE as error:
            raise CheckpointError(f"{path} is damaged: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        kind = type(content).__name__
        raise CheckpointError(f"{path} holds a {kind} that save_checkpoint did not write")
    return content


def _problems(content: Mapping[str, Any], parts: Mapping[str, Stateful]) -> Iterator[str]:
    """Yield a line for each way in which the saved states don't fit the parts."""
    states, kinds = content["states"], content["kinds"]
    for name, part in parts.items():
        if name not in states:
            yield f"the file has no {name}, only {_listed(states)}"
        elif isinstance(part, nn.Module):
            own = part.state_dict()
            yield from _keys(name, states[name], own)
            yield from _tensors(name, states[name], own)
        elif kinds[name] != type(part).__name__:
            yield f"{name}: {kinds[name]} in the file and {type(part).__name__} here"
        elif isinstance(part, Optimizer):
            yield from _optimizer(name, content["shapes"][name], states[name], part)
        else:
            yield from _keys(name, states[name], part.state_dict())
    if unasked := [name for name in states if name not in parts]:
        yield f"the file also has {_listed(unasked)}: pass it, so that it is restored too"


def _keys(part: str, saved: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[str]:
    if missing := [key for key in own if key not in saved]:
        yield f"{part}: the file lacks {_listed(missing)}"
    if extra := [key for key in saved if key not in own]:
        yield f"{part}: the file has {_listed(extra)}, which the {part} has not"


def _tensors(part: str, saved: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[str]:
    for key, value in own.items():
        if isinstance(value, Tensor) and key in saved:
            theirs, ours = _described(saved[key]), _described(value)
            if theirs != ours:
                yield f"{part}: '{key}' is {theirs} in the file and {ours} in the {part}"


def _optimizer(
    part: str, shapes: list[list[tuple[int, ...]]], saved: Mapping[str, Any], own: Optimizer
) -> Iterator[str]:
    """Compare the parameters of each group by number and shape, and by name where both have it."""
    own_shapes = _shapes(own)
    sizes = [[len(group) for group in groups] for groups in (shapes, own_shapes)]
    if sizes[0] != sizes[1]:
        yield f"{part}: groups of {sizes[0]} parameters in the file and of {sizes[1]} here"
        return
    for number, groups in enumerate(zip(saved["param_groups"], own.param_groups, strict=True)):
        pair = (shapes[number], own_shapes[number])
        unnamed = [""] * len(pair[0])
        names = [group.get("param_names", unnamed) for group in groups]
        if unnamed in names:
            names = [unnamed, unnamed]
        told = [list(map("{} {}".format, *both)) for both in zip(names, pair, strict=True)]
        for place, (their, our) in enumerate(zip(*told, strict=True)):
            if their != our:
                where = f"parameter {place} of group {number}"
                yield f"{part}: {where} is {their.strip()} in the file and {our.strip()} here"


def _shapes(part: Stateful) -> list[list[tuple[int, ...]]]:
    """Return the shapes of an optimizer's parameters, group by group; of other parts, nothing."""
    groups = part.param_groups if isinstance(part, Optimizer) else []
    return [[tuple(each.shape) for each in group["params"]] for group in groups]


def _described(value: object) -> str:
    if not isinstance(value, Tensor):
        return type(value).__name__
    return f"{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"


def _listed(names: Any, most: int = 4) -> str:
    """Return the names in quotes, at most so many of them."""
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more
