"""Code shown in the Modules guide."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from difflib import get_close_matches
from typing import Any

import torch
from torch import Tensor, nn


class RunningNorm(nn.Module):
    """Standardize each feature: by its batch in training, by running statistics in evaluation.

    It computes in the dtype of its buffers, and answers in the dtype of its input.

    Args:
        features: The number of features.
        momentum: The weight of the newest batch in the running statistics; None for the plain
            average over all batches so far.
        eps: Is added to the variance.

    Shapes:
        The input, of a floating dtype, and the result are (rows, features).

    Raises:
        ValueError: If the input is not (rows, features), or in training has fewer than two rows.

    Source:
        Ioffe and Szegedy, Batch Normalization, 2015, algorithms 1 and 2, without scale and shift
        and with a moving average: https://arxiv.org/abs/1502.03167

    >>> norm = RunningNorm(1, momentum=0.5)
    >>> norm(torch.tensor([[1.0], [3.0], [5.0]])).flatten()
    tensor([-1.2247,  0.0000,  1.2247])
    >>> norm.mean, norm.var, norm.batches
    (tensor([1.5000]), tensor([2.5000]), tensor(1))
    >>> norm.eval()(torch.tensor([[1.5]]))
    tensor([[0.]])
    """

    mean: Tensor
    var: Tensor
    batches: Tensor

    def __init__(self, features: int, momentum: float | None = 0.1, eps: float = 1e-5) -> None:
        super().__init__()
        self.momentum, self.eps = momentum, eps
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("var", torch.ones(features))
        self.register_buffer("batches", torch.tensor(0))

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the standardized rows; in training, note their statistics."""
        if inputs.shape[1:] != self.mean.shape:
            raise ValueError(f"want (rows, {len(self.mean)}), not {tuple(inputs.shape)}")
        x = inputs.to(self.mean.dtype)
        mean, var = self.mean, self.var
        if self.training:
            if len(x) < 2:
                raise ValueError("one row has no variance: train on more, or call eval()")
            mean, var = x.mean(0), x.var(0, correction=0)
            self._note(mean, x.var(0))
        return ((x - mean) / (var + self.eps).sqrt()).to(inputs.dtype)

    @torch.no_grad()
    def _note(self, mean: Tensor, var: Tensor) -> None:
        """Move the running statistics, in place, toward those of one more batch."""
        self.batches.add_(1)
        momentum = 1 / float(self.batches) if self.momentum is None else self.momentum
        self.mean.lerp_(mean, momentum)
        self.var.lerp_(var, momentum)


class TinyModule:
    """The core of `torch.nn.Module`: assignment files what it is given by its type.

    >>> class Scale(TinyModule):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.factor = nn.Parameter(torch.tensor(2.0))
    ...     def forward(self, x):
    ...         return self.factor * x
    >>> scale = Scale()
    >>> [name for name, _ in scale.named_parameters()], scale(torch.tensor(3.0)).item()
    (['factor'], 6.0)
    """

    def __init__(self) -> None:
        vars(self).update(_parameters={}, _modules={})

    def __setattr__(self, name: str, value: Any) -> None:
        """File parameters and modules by name; keep anything else as Python does."""
        for shelf, kind in (("_parameters", nn.Parameter), ("_modules", TinyModule)):
            if isinstance(value, kind):
                vars(self)[shelf][name] = value
                return
        super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        """Look on the shelves; Python calls this only where it found nothing itself."""
        for shelf in ("_parameters", "_modules"):
            if name in vars(self)[shelf]:
                return vars(self)[shelf][name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, nn.Parameter]]:
        """Yield the module's own parameters, then those of its submodules, with their paths."""
        for name, parameter in vars(self)["_parameters"].items():
            yield prefix + name, parameter
        for name, module in vars(self)["_modules"].items():
            yield from module.named_parameters(f"{prefix}{name}.")

    def __call__(self, *inputs: Any) -> Any:
        """Run forward; `nn.Module` runs hooks around it."""
        return self.forward(*inputs)


@contextmanager
def activations(model: nn.Module, *paths: str) -> Iterator[dict[str, Tensor]]:
    """Collect what submodules return while a model runs, without a graph.

    Args:
        model: The model to watch.
        paths: Names as in `model.get_submodule(path)`; each must return a tensor. All names of a
            shared module get the result of its last call.

    Yields:
        A dictionary with the result of the last call under each path that was called, detached,
        so that it shares memory with what the model went on with.

    Raises:
        KeyError: If there is no submodule under a path; the message names similar ones.
        TypeError: From the call, if a watched submodule returns no tensor.

    >>> model = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    >>> with activations(model, "0", "1") as seen:
    ...     _ = model(torch.ones(1, 2))
    >>> {path: tuple(value.shape) for path, value in seen.items()}
    {'0': (1, 3), '1': (1, 3)}
    """
    modules = dict(model.named_modules(remove_duplicate=False))
    seen: dict[str, Tensor] = {}

    def keep(path: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
            if not isinstance(output, Tensor):
                raise TypeError(f"'{path}' returned a {type(output).__name__}, not a tensor")
            seen[path] = output.detach()

        return hook

    with ExitStack() as handles:
        for path in paths:
            if path not in modules:
                near = get_close_matches(path, modules) or list(modules)[1:4] or [""]
                raise KeyError(f"no submodule '{path}'; there is {', '.join(map(repr, near))}")
            handles.enter_context(modules[path].register_forward_hook(keep(path)))
        yield seen
