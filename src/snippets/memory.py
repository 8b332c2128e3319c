"""Code shown in the appendix on memory."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.optim import Optimizer
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


def storages(tree: object) -> set[torch.UntypedStorage]:
    """Return the distinct storages of all tensors in a structure of lists, tuples and dicts.

    Args:
        tree: A tensor or a nested structure; what is not a tensor is passed over.

    Returns:
        Their storages; tensors that share one give one.

    Raises:
        NotImplementedError: If a tensor has no storage, as a sparse one.

    >>> base = torch.zeros(10)
    >>> [storage.nbytes() for storage in storages({"a": base, "b": [base[:1], None]})]
    [40]
    """
    return {each.untyped_storage() for each in tree_leaves(tree) if isinstance(each, Tensor)}


def bytes_by_role(model: nn.Module, optimizer: Optimizer | None = None) -> dict[str, int]:
    """Return how many bytes a model and its optimizer hold between two steps, by role.

    Args:
        model: Any module, on any device; on the meta device nothing is allocated.
        optimizer: An optimizer over parameters of the model, or over copies of them.

    Returns:
        The bytes of the distinct storages under `parameters`, `gradients`, `optimizer` and
        `buffers`, a storage with two roles under the first of them. A view counts with its whole
        storage. Parameters that only the optimizer has, such as a float32 copy, are `optimizer`.

    Raises:
        NotImplementedError: If a tensor has no storage, as a sparse gradient.

    Source:
        https://docs.pytorch.org/docs/stable/optim.html#torch.optim.Optimizer.state_dict

    >>> model = nn.Linear(10, 10, bias=False)
    >>> optimizer = torch.optim.AdamW(model.parameters())
    >>> model(torch.ones(1, 10)).sum().backward()
    >>> optimizer.step()
    >>> bytes_by_role(model, optimizer)
    {'parameters': 400, 'gradients': 400, 'optimizer': 804, 'buffers': 0}
    """
    owned = list(model.parameters())
    groups = optimizer.param_groups if optimizer is not None else []
    stepped: list[Tensor] = [parameter for group in groups for parameter in group["params"]]
    state = list(optimizer.state.values()) if optimizer is not None else []
    roles: dict[str, list[Any]] = {
        "parameters": owned,
        "gradients": [parameter.grad for parameter in (*owned, *stepped)],
        "optimizer": [*stepped, *state],
        "buffers": list(model.buffers()),
    }
    seen: set[torch.UntypedStorage] = set()
    sums = {}
    for role, tensors in roles.items():
        new = storages(tensors) - seen
        sums[role] = sum(storage.nbytes() for storage in new)
        seen |= new
    return sums


def saved_by_layer(model: nn.Module, *inputs: object) -> dict[str, int]:
    """Return how many bytes each module is the first to save for backward in one forward pass.

    Args:
        model: Any module; it is called once with `inputs`, under whatever grad mode is set.
        *inputs: Its arguments; with model and inputs on the meta device the count needs no memory.

    Returns:
        Bytes by module name, for all modules without children and those others that save
        something themselves, in the order of their first calls. Each storage counts once, whole,
        for the first module that saves it; parameters and buffers don't count, inputs do.

    Raises:
        NotImplementedError: If a saved tensor has no storage, as a sparse one.

    Source:
        https://docs.pytorch.org/docs/stable/notes/autograd.html#hooks-for-saved-tensors

    >>> model = nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 10))
    >>> saved_by_layer(model, torch.ones(5, 10))
    {'0': 200, '1': 400, '2': 0}
    """
    seen = storages([*model.parameters(), *model.buffers()])
    names = {module: name for name, module in model.named_modules()}
    running: list[str] = []
    sums: dict[str, int] = {}

    def enter(module: nn.Module, _args: object) -> None:
        running.append(names[module])
        if next(module.children(), None) is None:
            sums.setdefault(names[module], 0)

    def leave(_module: nn.Module, _args: object, _output: object) -> None:
        running.pop()

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage not in seen:
            seen.add(storage)
            sums[running[-1]] = sums.get(running[-1], 0) + storage.nbytes()
        return tensor.detach()

    with ExitStack() as hooks:
        for module in names:
            hooks.enter_context(module.register_forward_pre_hook(enter))
            hooks.enter_context(module.register_forward_hook(leave))
        hooks.enter_context(saved_tensors_hooks(pack, lambda packed: packed))
        model(*inputs)
    return sums


class _Live(TorchDispatchMode):
    """Add up the storages that operations make, and take them off when they are freed."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = self.most = 0
        self.known: weakref.WeakSet[torch.UntypedStorage] = weakref.WeakSet()

    def free(self, size: int) -> None:
        self.now -= size

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> object:
        self.known.update(storages((args, kwargs)))  # they are not made here
        out: object = func(*args, **(kwargs or {}))
        for storage in storages(out):
            if storage not in self.known:
                self.known.add(storage)
                self.now += storage.nbytes()
                weakref.finalize(storage, self.free, storage.nbytes())
        self.most = max(self.most, self.now)
        return out


def peak_bytes(call: Callable[[], object]) -> int:
    """Return the most bytes that were alive at once of what a call's tensor operations made.

    Args:
        call: A function without arguments; it is run once.

    Returns:
        The largest sum, looked at after each operation, over the storages that operations
        returned and that were not yet freed. What is inside an operation, such as a workspace,
        and what existed before are left out.

    Raises:
        NotImplementedError: If an operation takes or returns a tensor without a storage.

    Source:
        https://dev-discuss.pytorch.org/t/what-and-why-is-torch-dispatch/557

    >>> x = torch.ones(1000)
    >>> peak_bytes(lambda: x.exp().exp().exp()), peak_bytes(lambda: x.exp_().exp_().exp_())
    (8000, 0)
    """
    live = _Live()
    with live:
        call()
    return live.most


def pack_once(make: Callable[[Tensor], object]) -> Callable[[Tensor], object]:
    """Turn a function that packs saved tensors into one that packs each of them only once.

    Args:
        make: Takes a saved tensor, detached, and returns what to hold in its place.

    Returns:
        A pack hook. Tensors that read the same places of one storage, unchanged in between, get
        the same packed object, for as long as the storage lives.

    Source:
        https://docs.pytorch.org/docs/stable/notes/autograd.html#hooks-for-saved-tensors

    >>> x, packed = torch.ones(10, requires_grad=True), []
    >>> with saved_tensors_hooks(pack_once(lambda t: packed.append(t) or t), lambda t: t):
    ...     y = x.tanh().square()
    >>> len(packed)
    1
    """
    known: weakref.WeakKeyDictionary[torch.UntypedStorage, dict[object, object]]
    known = weakref.WeakKeyDictionary()

    def pack(tensor: Tensor) -> object:
        packed = known.setdefault(tensor.untyped_storage(), {})
        place = (tensor.storage_offset(), tensor.shape, tensor.stride(), tensor.dtype)
        key = (*place, tensor._version)
        if key not in packed:
            packed[key] = make(tensor.detach())
        return packed[key]

    return pack


def bytes_kept(step: Callable[[], object], times: int) -> list[int]:
    """Return, after each of several calls, the bytes alive that the calls so far have made.

    Args:
        step: A function without arguments, such as one training step; its result is dropped.
        times: How often to call it.

    Returns:
        One sum for each call, over the storages that operations returned and that are still
        alive, whether a Python name, a graph or a C++ object holds them. A level list means that
        nothing of a step outlives the next; what existed before is left out, and so is Python's
        and autograd's own memory.

    Raises:
        NotImplementedError: If an operation takes or returns a tensor without a storage.

    Source:
        https://dev-discuss.pytorch.org/t/what-and-why-is-torch-dispatch/557

    >>> x, log = torch.ones(1000), []
    >>> bytes_kept(lambda: log.append(x.exp()), 3), bytes_kept(lambda: x.exp(), 3)
    ([4000, 8000, 12000], [0, 0, 0])
    """
    live, kept = _Live(), []
    with live:
        for _ in range(times):
            step()
            kept.append(live.now)
    return kept


def shared_storages(first: nn.Module, second: nn.Module) -> list[tuple[str, str]]:
    """Return the names of parameters and buffers of two modules that have one storage.

    Args:
        first: A module on any device.
        second: Another one, or the same, in which each tensor shares with itself.

    Returns:
        Pairs of a name in `first` and a name in `second`, in the order of the modules, tied
        names and non-persistent buffers included. Sharing is a matter of storages: the two
        tensors need not have a cell in common.

    Raises:
        NotImplementedError: If a tensor has no storage, as a sparse one.

    Source:
        https://docs.pytorch.org/docs/stable/notes/serialization.html

    >>> encoder = nn.Linear(3, 3)
    >>> shared_storages(nn.Sequential(encoder), nn.ModuleList([nn.ReLU(), encoder]))
    [('0.weight', '1.weight'), ('0.bias', '1.bias')]
    >>> shared_storages(encoder, nn.Linear(3, 3))
    []
    """

    def named(module: nn.Module) -> list[tuple[str, Tensor]]:
        parameters = module.named_parameters(remove_duplicate=False)
        return [*parameters, *module.named_buffers(remove_duplicate=False)]

    return [
        (name, other)
        for name, tensor in named(first)
        for other, candidate in named(second)
        if tensor.untyped_storage() is candidate.untyped_storage()
    ]
