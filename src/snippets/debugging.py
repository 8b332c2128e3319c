"""Code shown in the Debugging appendix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from traceback import walk_tb
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves


def _tensors(tree: object) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]


@contextmanager
def name_the_layer(model: nn.Module) -> Iterator[None]:
    """Within the block, let an exception from a call of the model say which module it left.

    The note has the path of the innermost module that was running, its class, and the shapes and
    dtypes of the tensors it was called with. Type, message and traceback stay as they are. Only
    calls `module(...)` are seen, not `module.forward(...)`, and only modules that the model had
    when the block was entered. A module with several names goes by its first.

    Args:
        model: A module, whose hooks are removed again at the end of the block.

    >>> model = nn.Sequential(nn.Linear(4, 3), nn.Sequential(nn.ReLU(), nn.Linear(2, 2)))
    >>> try:
    ...     with name_the_layer(model):
    ...         model(torch.ones(5, 4))
    ... except RuntimeError as error:
    ...     print(error.__notes__[0])
    in 1.1, a Linear, called with float32[5, 3]
    """
    running: list[tuple[nn.Module, str]] = []

    def enter(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            given = [
                f"{str(t.dtype).removeprefix('torch.')}{list(t.shape)}"
                for t in _tensors((args, kwargs))
            ]
            what = f"in {name or 'the model itself'}, a {type(module).__name__}"
            running.append((module, f"{what}, called with {', '.join(given) or 'no tensor'}"))

        return hook

    def leave(module: nn.Module, *_: object) -> None:
        while running and running.pop()[0] is not module:
            pass  # what the module called, and whose error it has caught

    with ExitStack() as hooks:
        for name, module in model.named_modules():
            before = module.register_forward_pre_hook(enter(name), prepend=True, with_kwargs=True)
            hooks.enter_context(before)
            hooks.enter_context(module.register_forward_hook(leave))
        try:
            yield
        except Exception as error:
            left = [frame.f_locals.get("self") for frame, _ in walk_tb(error.__traceback__)]
            for module, note in reversed(running):
                if any(each is module for each in left):
                    error.add_note(note)
                    break
            raise


class Finding(NamedTuple):
    """Where the first number that is not finite was found.

    Attributes:
        name: The path of the module, "" for the model itself.
        place: "input", "parameter NAME", "buffer NAME" or "output".
        kind: "NaN", or "inf" where there is no NaN beside it.

    """

    name: str
    place: str
    kind: str


class _Found(BaseException):
    """Ends the forward pass; no `except Exception` of a model stops it."""


def first_nonfinite(
    model: nn.Module, *args: object, allow_inf: bool = False, **kwargs: object
) -> Finding | None:
    """Run the model without a graph, up to the first NaN or inf that a module is given or makes.

    Each called module is asked before its forward pass about its inputs and its own parameters
    and buffers, and after it about its outputs. So "output" means that a module made a bad number
    of good ones, and "input" that the code before the call did. The pass ends there: later modules
    and hooks don't run. What ran has left its usual traces, such as running statistics.

    Args:
        model: A module; its training flags decide as always, and are not changed.
        args: What to call it with.
        allow_inf: Pass over infinities, as in a model that is given a mask of -inf.
        kwargs: Keyword arguments of the call.

    Returns:
        The finding, or None if all that was seen is finite.

    >>> model = nn.Sequential(nn.Linear(1, 1), nn.ReLU())
    >>> first_nonfinite(model, torch.ones(2, 1)) is None
    True
    >>> first_nonfinite(model, torch.tensor([[torch.inf]]))
    Finding(name='', place='input', kind='inf')
    >>> with torch.no_grad():
    ...     _ = model[0].bias.fill_(torch.nan)
    >>> first_nonfinite(model, torch.ones(2, 1))
    Finding(name='0', place='parameter bias', kind='NaN')
    """
    found: list[Finding] = []

    def look(name: str, place: str, tree: object) -> None:
        for tensor in _tensors(tree):
            if tensor.isnan().any():
                found.append(Finding(name, place, "NaN"))
            elif not allow_inf and tensor.isinf().any():
                found.append(Finding(name, place, "inf"))
            if found:
                raise _Found

    def enter(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, args: object, kwargs: object) -> None:
            look(name, "input", (args, kwargs))
            for own, parameter in module.named_parameters(recurse=False):
                look(name, f"parameter {own}", parameter)
            for own, buffer in module.named_buffers(recurse=False):
                look(name, f"buffer {own}", buffer)

        return hook

    def leave(name: str) -> Callable[..., None]:
        return lambda module, args, output: look(name, "output", output)

    with ExitStack() as hooks, torch.no_grad():
        for name, module in model.named_modules():
            before = module.register_forward_pre_hook(enter(name), prepend=True, with_kwargs=True)
            hooks.enter_context(before)
            hooks.enter_context(module.register_forward_hook(leave(name)))
        try:
            model(*args, **kwargs)
        except _Found:
            return found[0]
    return None


def update_ratios(model: nn.Module, step: Callable[[], object]) -> dict[str, float]:
    """Run `step` and return, for each parameter, how large its change is beside itself.

    Args:
        model: The model that trains; its parameters are of any shape, real and dense.
        step: Changes the parameters in place, such as `optimizer.step` with gradients at hand.

    Returns:
        For each name of `model.named_parameters()`, the norm of the change over the norm before,
        both in float64. 0 if nothing moved, inf if it moved away from zeros.

    Source:
        https://cs231n.github.io/neural-networks-3/#ratio

    >>> model = nn.Linear(2, 1)
    >>> with torch.no_grad():
    ...     _ = model.weight.copy_(torch.tensor([[3.0, 4.0]])), model.bias.zero_()
    >>> model(torch.tensor([[0.6, 0.8]])).sum().backward()
    >>> optimizer = torch.optim.SGD([model.weight], lr=0.01)
    >>> {name: round(ratio, 6) for name, ratio in update_ratios(model, optimizer.step).items()}
    {'weight': 0.002, 'bias': 0.0}
    """
    before = {name: each.detach().double().clone() for name, each in model.named_parameters()}
    step()
    ratios = {}
    for name, each in model.named_parameters():
        change = (each.detach().double() - before[name]).norm().item()
        size = before[name].norm().item()
        ratios[name] = change / size if size else float("inf") if change else 0.0
    return ratios
