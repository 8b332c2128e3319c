"""Code shown in the Tensors guide."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.profiler import ProfilerActivity, profile


def broadcast_shape(*shapes: Sequence[int]) -> tuple[int, ...]:
    """Return the shape that tensors of the given shapes broadcast to.

    Args:
        *shapes: Any number of shapes, of any rank; no sizes below 0.

    Returns:
        One size for each axis of the longest shape, `()` if there are no shapes.

    Raises:
        ValueError: If two sizes other than 1 meet on an axis.

    Source:
        https://docs.pytorch.org/docs/stable/notes/broadcasting.html

    >>> broadcast_shape((2, 1, 4), (3, 1))
    (2, 3, 4)
    >>> broadcast_shape((3, 4), (3,))
    Traceback (most recent call last):
        ...
    ValueError: axis -1: sizes [3, 4] differ and none is 1
    """
    rank = max(map(len, shapes), default=0)
    result: list[int] = []
    for axis in range(-rank, 0):  # axis -1 is the last one of every shape
        sizes = {shape[axis] for shape in shapes if len(shape) >= -axis} - {1}
        if len(sizes) > 1:
            raise ValueError(f"axis {axis}: sizes {sorted(sizes)} differ and none is 1")
        result.append(sizes.pop() if sizes else 1)
    return tuple(result)


def require_same_shape(**tensors: Tensor) -> None:
    """Refuse tensors that would have to broadcast to meet.

    Args:
        **tensors: Tensors of any shape and dtype, by the names to show in the error.

    Raises:
        ValueError: If two shapes differ; it lists every name with its shape.

    >>> require_same_shape(prediction=torch.zeros(4), target=torch.ones(4))
    >>> require_same_shape(prediction=torch.zeros(4, 1), target=torch.ones(4))
    Traceback (most recent call last):
        ...
    ValueError: shapes differ: prediction (4, 1), target (4,)
    """
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    if len(set(shapes.values())) > 1:
        listing = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ValueError(f"shapes differ: {listing}")


class OuterBroadcasts(TorchFunctionMode):
    """Record the broadcasts whose result has a shape that none of their tensors had.

    Such a broadcast stretches both sides, as (N, 1) and (N,) do. Calls made from Python are seen,
    steps inside one call are not.

    Attributes:
        found: For each such call, its name and the shapes of its tensors, of any dtype.

    Source:
        https://docs.pytorch.org/docs/stable/notes/extending.html

    >>> with OuterBroadcasts() as seen:
    ...     _ = torch.zeros(3, 1) - torch.zeros(3)
    ...     _ = torch.zeros(3, 4) - torch.zeros(4)
    >>> seen.found
    ['sub: (3, 1), (3,)']
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Run the call, then compare its result's shape with those of its tensors."""
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        given = [arg for arg in (*args, *kwargs.values()) if isinstance(arg, Tensor)]
        shapes = [tuple(arg.shape) for arg in given]
        if isinstance(result, Tensor) and result.shape not in shapes and len(shapes) > 1:
            with suppress(ValueError):  # not a broadcast, such as cat or most products
                product = func.__name__ in ("matmul", "mm", "bmm")
                if broadcast_shape(*shapes) == result.shape and not product:
                    self.found.append(f"{func.__name__}: {', '.join(map(str, shapes))}")
        return result


def storage_offset_of(tensor: Tensor, index: Sequence[int]) -> int:
    """Return the place in storage, counted in elements, that an index of a tensor reads.

    Args:
        tensor: A strided tensor of any shape and dtype.
        index: One integer for each axis; a negative one counts from the end of its axis.

    Returns:
        The tensor's storage offset plus the sum of index times stride over the axes.

    Raises:
        ValueError: If the tensor's layout is not `torch.strided`.
        IndexError: If `index` has not one integer for each axis, or one is out of range.

    Source:
        https://docs.pytorch.org/docs/stable/generated/torch.Tensor.stride.html

    >>> storage_offset_of(torch.zeros(3, 4), (1, 2))
    6
    >>> storage_offset_of(torch.zeros(3, 4), (1, 4))
    Traceback (most recent call last):
        ...
    IndexError: index 4 is out of range for axis 1 with size 4
    """
    if tensor.layout != torch.strided:
        raise ValueError(f"layout {tensor.layout} has no strides")
    if len(index) != tensor.dim():
        raise IndexError(f"{len(index)} indices for {tensor.dim()} axes")
    place = int(tensor.storage_offset())
    for axis, i in enumerate(index):
        size, stride = tensor.size(axis), tensor.stride(axis)
        if not -size <= i < size:
            raise IndexError(f"index {i} is out of range for axis {axis} with size {size}")
        place += (i % size) * stride
    return place


def view_strides(
    shape: Sequence[int], stride: Sequence[int], target: Sequence[int]
) -> tuple[int, ...] | None:
    """Return the strides with which `target` reads the same storage, or None if none do.

    Args:
        shape: The sizes that a tensor has now.
        stride: Its strides in elements, as many as sizes.
        target: The sizes wanted, without -1.

    Returns:
        One stride for each size in `target`, the same ones as `view(target)` gives; None
        where `view(target)` raises because axes that would have to merge do not.

    Raises:
        ValueError: If a size is negative, `target` holds another number of elements than
            `shape`, or there are not as many strides as sizes.

    Source:
        The condition in https://docs.pytorch.org/docs/stable/generated/torch.Tensor.view.html;
        `computeStride` in PyTorch's aten/src/ATen/TensorUtils.cpp.

    >>> view_strides((3, 4), (4, 1), (2, 6))
    (6, 1)
    >>> view_strides((4, 3), (1, 4), (2, 6)) is None
    True
    """
    if len(shape) != len(stride):
        raise ValueError(f"{len(stride)} strides for {len(shape)} sizes")
    if min((*shape, *target), default=0) < 0 or prod(shape) != prod(target):
        raise ValueError(f"no shape {tuple(target)} for the elements of {tuple(shape)}")
    if 0 in shape:  # nothing is read, so any strides would do: these are PyTorch's
        if tuple(shape) == tuple(target):
            return tuple(stride)
        axes = range(len(target))
        return tuple(prod(max(n, 1) for n in target[axis + 1 :]) for axis in axes)

    runs: list[tuple[int, int]] = []  # (elements, step) of each run of merging axes
    for size, step in zip(shape, stride, strict=True):
        if size == 1:
            continue  # its index is always 0, so its stride is never used
        if runs and runs[-1][1] == size * step:
            runs[-1] = (runs[-1][0] * size, step)
        else:
            runs.append((size, step))

    result: list[int] = []
    left, step = 1, stride[-1] if stride else 1  # what the current run has left
    for size in reversed(target):
        if left == 1 and size != 1:
            left, step = runs.pop()
        if left % size:
            return None  # this axis would reach across the end of the run
        result.append(step)
        left, step = left // size, step * size
    return tuple(reversed(result))


def shares_storage(a: Tensor, b: Tensor) -> bool:
    """Tell whether two tensors are headers over the same storage.

    Args:
        a: A strided tensor of any shape, dtype and device.
        b: Another one; the two may differ in all of these.

    Returns:
        True if both have one storage, or storages whose bytes overlap, as two tensors made
        from one NumPy array have. Such tensors need not have a cell in common. Tensors
        without bytes (size 0, or on the meta device) share only where the storage is one.

    Raises:
        NotImplementedError: If a tensor has no storage, as a sparse one.

    Source:
        https://docs.pytorch.org/docs/stable/tensor_view.html

    >>> x = torch.arange(4)
    >>> shares_storage(x, x[1:]), shares_storage(x[:2], x[2:]), shares_storage(x, x.clone())
    (True, True, False)
    >>> shares_storage(torch.empty(0), torch.empty(0))
    False
    """
    one, other = a.untyped_storage(), b.untyped_storage()
    if one is other:
        return True
    start, begin = one.data_ptr(), other.data_ptr()
    if a.device != b.device or 0 in (start, begin):
        return False
    return start < begin + other.nbytes() and begin < start + one.nbytes()


def bytes_allocated(call: Callable[[], object]) -> int:
    """Return how many bytes of CPU memory the tensor operations in a call ask for.

    Args:
        call: A function without arguments; it is run once.

    Returns:
        The sum over all operations of what each one took, temporaries included, whether or
        not they were freed again; scalars that PyTorch wraps add a few bytes.

    Source:
        `profile_memory` in https://docs.pytorch.org/docs/stable/profiler.html

    >>> x = torch.zeros(1000)
    >>> bytes_allocated(lambda: x + 1) // x.nbytes, bytes_allocated(lambda: x.add_(1)) // x.nbytes
    (1, 0)
    """
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as run:
        call()
    return sum(max(0, event.self_cpu_memory_usage) for event in run.events() or ())


def pick_device(wish: str | None = None) -> torch.device:
    """Return the device to run on: the one wished for, else an accelerator in reach, else the CPU.

    Args:
        wish: A device string such as `"cpu"`, `"meta"` or `"cuda:1"`, perhaps from a
            command line; None to let the machine decide.

    Returns:
        A device. One that was wished for is not checked for being in reach.

    Raises:
        RuntimeError: If `wish` is not a device string.

    Source:
        https://docs.pytorch.org/docs/stable/generated/torch.accelerator.current_accelerator.html

    >>> pick_device("meta")
    device(type='meta')
    >>> torch.ones(2, device=pick_device()).sum().item()
    2.0
    """
    if wish is not None:
        return torch.device(wish)
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    return torch.device("cpu") if accelerator is None else accelerator


def words_drawn(draw: Callable[[], object], limit: int = 1000) -> int:
    """Return how many 32-bit words a call takes from the CPU's global generator.

    Args:
        draw: The call to measure; its result is dropped.
        limit: The largest number of words looked for.

    Returns:
        The number of words between the states before and after the call. The global
        generator is left as it was found.

    Raises:
        ValueError: If the call takes more than `limit` words.

    Source:
        One float32 of `torch.rand` takes one word:
        https://github.com/pytorch/pytorch/blob/main/aten/src/ATen/core/DistributionsHelper.h

    >>> words_drawn(lambda: torch.rand(5)), words_drawn(lambda: torch.zeros(5))
    (5, 0)
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        draw()
        after = torch.rand(4)  # four numbers in a row mark a place in the stream
        torch.default_generator.manual_seed(0)
        stream = torch.rand(limit + 4)
    places = (stream.unfold(0, 4, 1) == after).all(dim=1).nonzero()
    if len(places) == 0:
        raise ValueError(f"more than {limit} words were drawn")
    return int(places[0])


def reduction_facts(name: str) -> tuple[str, str, str, str]:
    """Try a reduction from `torch` on int8, on NaN, on nothing, and over two axes.

    Args:
        name: The name of a function in `torch` that reduces a tensor to one element.

    Returns:
        The dtype of the result for int8 input, the result for `[1, nan]`, the result for
        an empty float tensor, and whether a tuple of dims is taken (yes or no). A trial
        that raised reads "raises".

    Raises:
        AttributeError: If `torch` has no function of this name.

    >>> reduction_facts("sum")
    ('torch.int64', 'nan', '0.0', 'yes')
    """
    reduce = getattr(torch, name)

    def attempt(*args: object) -> Tensor | None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # var of too few elements warns
                result: Tensor = reduce(*args)
        except (IndexError, RuntimeError, TypeError):
            return None
        return result

    ints = attempt(torch.ones(2, dtype=torch.int8))
    nan = attempt(torch.tensor([1.0, float("nan")]))
    empty = attempt(torch.tensor([]))
    dims = attempt(torch.ones(2, 2), (0, 1))
    return (
        "raises" if ints is None else str(ints.dtype),
        "raises" if nan is None else str(nan.item()),
        "raises" if empty is None else str(empty.item()),
        "no" if dims is None else "yes",
    )


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Run a block from a seed of its own, and leave the global generators as they were.

    Args:
        seed: The seed of the block, for the CPU and every CUDA device.

    Yields:
        Nothing; what the block draws does not depend on what was drawn before it, and what
        is drawn after it does not depend on the block.

    Source:
        https://docs.pytorch.org/docs/stable/random.html#torch.random.fork_rng

    >>> with seeded(1):
    ...     first = torch.rand(3)
    >>> between = torch.rand(3)
    >>> with seeded(1):
    ...     torch.equal(first, torch.rand(3))
    True
    """
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield
