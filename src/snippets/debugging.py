"""Code shown in the Debugging appendix."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import permutations
from traceback import walk_tb
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils._pytree import keystr, tree_flatten_with_path, tree_leaves


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


def stretched(prediction: Tensor, target: Tensor) -> bool:
    """Say whether a loss of the two would broadcast: their shapes differ, and fit.

    Raises:
        RuntimeError: If the shapes do not broadcast.

    >>> stretched(torch.zeros(8, 1), torch.zeros(8)), stretched(torch.zeros(8), torch.zeros(8))
    (True, False)
    """
    torch.broadcast_shapes(prediction.shape, target.shape)
    return prediction.shape != target.shape


def normalized(outputs: Tensor, dim: int = 1) -> bool:
    """Say whether outputs are probabilities along `dim`, which a loss on logits must not get.

    Args:
        outputs: Float, any shape.
        dim: The axis of the classes.

    >>> logits = torch.tensor([[2.0, -1.0, 0.5], [0.0, 3.0, 1.0]])
    >>> normalized(logits.softmax(1)), normalized(logits)
    (True, False)
    """
    sums = outputs.sum(dim)
    return bool((outputs >= 0).all()) and torch.allclose(sums, torch.ones_like(sums), atol=1e-4)


def hidden_modules(model: nn.Module) -> list[str]:
    """Return the attributes that hide modules or parameters where nothing registers them.

    That is in a list, a tuple or a dictionary, of the model or of any part of it.

    >>> model = nn.Sequential(nn.Linear(2, 2))
    >>> model.extra = [nn.Linear(2, 2)]
    >>> hidden_modules(model)
    ['extra']
    """
    found = []
    for path, module in model.named_modules():
        for name, value in vars(module).items():
            if name in ("_modules", "_parameters", "_buffers") or name.endswith("_hooks"):
                continue
            items = value.values() if isinstance(value, dict) else value
            if isinstance(value, (list, tuple, dict)) and any(
                isinstance(item, (nn.Module, nn.Parameter)) for item in items
            ):
                found.append(f"{path}.{name}" if path else name)
    return found


def not_optimized(model: nn.Module, optimizer: Optimizer) -> list[str]:
    """Return the names of parameters that require a gradient and are in no group.

    >>> model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> model[1] = nn.Linear(2, 3)
    >>> not_optimized(model, optimizer)
    ['1.weight', '1.bias']
    """
    held = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    return [
        name
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and id(parameter) not in held
    ]


def moved_while_frozen(model: nn.Module, step: Callable[[], object]) -> list[str]:
    """Return the buffers that a step changed in modules whose parameters are all frozen.

    Only modules that have parameters of their own are looked at.

    >>> norm = nn.BatchNorm1d(2).requires_grad_(False)
    >>> moved_while_frozen(norm, lambda: norm(torch.arange(8.0).view(4, 2)))
    ['running_mean', 'running_var', 'num_batches_tracked']
    >>> _ = norm.eval()
    >>> moved_while_frozen(norm, lambda: norm(torch.arange(8.0).view(4, 2)))
    []
    """
    watched = {}
    for path, module in model.named_modules():
        own = list(module.parameters(recurse=False))
        if own and not any(parameter.requires_grad for parameter in own):
            for name, buffer in module.named_buffers(prefix=path, recurse=False):
                watched[name] = (buffer, buffer.clone())
    step()
    return [name for name, (now, before) in watched.items() if not torch.equal(now, before)]


def aliased(state: Mapping[str, object], model: nn.Module) -> list[str]:
    """Return the entries of a kept state that share memory with the model.

    >>> from copy import deepcopy
    >>> model = nn.Linear(2, 1)
    >>> aliased(model.state_dict(), model), aliased(deepcopy(model.state_dict()), model)
    (['weight', 'bias'], [])
    """
    living = {tensor.untyped_storage().data_ptr() for tensor in model.state_dict().values()}
    return [
        name
        for name, tensor in state.items()
        if isinstance(tensor, Tensor) and tensor.untyped_storage().data_ptr() in living
    ]


def unrepeatable(model: nn.Module, *inputs: object) -> bool:
    """Say whether the model in eval mode gives two answers to one question.

    The modes of all modules are afterwards what they were; gradients are not recorded.

    >>> class Net(nn.Module):
    ...     def forward(self, x):
    ...         return nn.functional.dropout(x)
    >>> unrepeatable(Net(), torch.ones(64)), unrepeatable(nn.Dropout(), torch.ones(64))
    (True, False)
    """
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.no_grad():
            first, second = (_tensors(model(*inputs)) for _ in range(2))
    finally:
        for module, mode in modes.items():
            module.training = mode
    return not all(map(torch.equal, first, second))


def repeats(epoch: Callable[[], Iterable[object]]) -> bool:
    """Say whether two epochs bring the same samples in the same order.

    Args:
        epoch: Makes an iterator over a loader that should augment or shuffle.

    >>> repeats(lambda: [torch.zeros(2)]), repeats(lambda: [torch.rand(2)])
    (True, False)
    """
    first, second = (_tensors(list(epoch())) for _ in range(2))
    return len(first) == len(second) and all(map(torch.equal, first, second))


def permutation_of(function: Callable[[Tensor], Tensor], *sizes: int) -> tuple[int, ...] | None:
    """Return the permutation of axes that the function does, or None if it does none.

    It is tried on whole numbers, each of which stands once, so a regrouping can't look like one.

    Args:
        function: Takes a tensor of these sizes and returns one.
        sizes: The shape to try; sizes that differ tell axes apart.

    >>> permutation_of(lambda x: x.permute(2, 0, 1), 4, 5, 3)
    (2, 0, 1)
    >>> permutation_of(lambda x: x.view(3, 4, 5), 4, 5, 3) is None
    True
    """
    numbers = torch.arange(torch.Size(sizes).numel()).view(sizes)
    result = function(numbers)
    for axes in permutations(range(len(sizes))):
        if torch.equal(numbers.permute(axes), result):
            return axes
    return None


def one_shot(parameters: Iterable[object]) -> bool:
    """Say whether this can be walked through only once, as `model.parameters()` can.

    >>> model = nn.Linear(2, 1)
    >>> one_shot(model.parameters()), one_shot(list(model.parameters()))
    (True, False)
    """
    return iter(parameters) is parameters


def first_difference(first: object, second: object) -> str | None:
    """Return where two trees of tensors and numbers differ first, in bits; None if they do not.

    Args:
        first: Nested dictionaries, lists and tuples, such as a state dict or a checkpoint.
        second: Another of the same structure.

    >>> model = nn.Linear(2, 1)
    >>> before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    >>> with torch.no_grad():
    ...     _ = model.bias.add_(1e-7)
    >>> first_difference(before, model.state_dict())
    "['bias']"
    >>> first_difference([1, 2], [1, 2]) is None, first_difference([1], [1, 2])
    (True, 'another structure')
    """
    left, right = (
        [(keystr(path), leaf) for path, leaf in tree_flatten_with_path(tree)[0]]
        for tree in (first, second)
    )
    if [path for path, _ in left] != [path for path, _ in right]:
        return "another structure"
    for (path, one), (_, two) in zip(left, right, strict=True):
        if isinstance(one, Tensor) and isinstance(two, Tensor):
            same = one.dtype == two.dtype and torch.equal(one, two)
        else:
            same = type(one) is type(two) and one == two
        if not same:
            return path or "the value itself"
    return None
