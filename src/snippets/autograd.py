"""Code shown in the Automatic Differentiation guide."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.graph import Node, get_gradient_edge, saved_tensors_hooks
from torch.func import functional_call, grad, vmap
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.hooks import RemovableHandle


def finite_difference_gradient(
    function: Callable[[Tensor], Tensor], x: Tensor, step: float = 1e-6
) -> Tensor:
    """Return the gradient of a one-number function by two evaluations for each element.

    Args:
        function: Takes a float64 tensor of the shape of `x`, returns a tensor of one real element.
        x: The point, a real tensor of any shape and dtype, which is taken in float64.
        step: How far each element is moved, up and down.

    Returns:
        `(function(x + step) - function(x - step)) / (2 * step)` for each element, in float64 and
        of the shape of `x`. Its error is of the order of `step ** 2`, plus rounding over `step`.

    Raises:
        TypeError: If `x` is complex.
        ValueError: If `function` returns more or fewer than one element.

    Source:
        https://docs.pytorch.org/docs/stable/notes/gradcheck.html

    >>> x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> finite_difference_gradient(lambda x: x.square().sum(), x).round(decimals=6)
    tensor([[2., 4.],
            [6., 8.]], dtype=torch.float64)
    >>> finite_difference_gradient(torch.square, x)
    Traceback (most recent call last):
        ...
    ValueError: function returned 4 elements, not 1
    """
    if x.is_complex():
        raise TypeError("x is complex: differentiate torch.view_as_real(x) instead")
    point = x.detach().to(torch.float64)
    gradient = torch.empty_like(point)
    with torch.no_grad():
        for index in product(*map(range, point.shape)):
            change = torch.zeros_like(point)
            change[index] = step
            rise = function(point + change) - function(point - change)
            if rise.numel() != 1:
                raise ValueError(f"function returned {rise.numel()} elements, not 1")
            gradient[index] = rise.reshape(()) / (2 * step)
    return gradient


class Softplus(Function):
    """Compute log(1 + exp(x)) without overflow, with its derivative sigmoid(x) written out.

    `Softplus.apply(x)` takes a tensor of any shape and real floating dtype and returns one like
    it. It works under `vmap` and the reverse transforms of `torch.func`, and can be differentiated
    any number of times.

    Source:
        log(1 + exp(x)) = max(x, 0) + log(1 + exp(-abs(x))), where exp is given no positive number.

    >>> x = torch.tensor([-200.0, 0.0, 200.0], requires_grad=True)
    >>> Softplus.apply(x).sum().backward()
    >>> x.grad
    tensor([0.0000, 0.5000, 1.0000])
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        """Return the values."""
        return x.relu() + torch.log1p(torch.exp(-x.abs()))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        """Keep what backward needs: the input."""
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        """Return the gradient for x, from the gradient for the output."""
        x: Tensor = ctx.saved_tensors[0]
        return grad * x.sigmoid()


class ScaledProduct(Function):
    """Compute `scale * (x @ w)`, with a backward that skips what no one asked for.

    `ScaledProduct.apply(x, w, scale)` takes two matrices, (n, m) and (m, k), and a number, and
    returns an (n, k) matrix. `products` counts the matrix products that all backwards have made.

    >>> x, w = torch.ones(3, 2), torch.ones(2, 4, requires_grad=True)
    >>> ScaledProduct.apply(x, w, 0.5).sum().backward()
    >>> w.grad.tolist()
    [[1.5, 1.5, 1.5, 1.5], [1.5, 1.5, 1.5, 1.5]]
    """

    products = 0

    @staticmethod
    def forward(x: Tensor, w: Tensor, scale: float) -> Tensor:
        """Return the scaled product."""
        return scale * (x @ w)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, float], output: Tensor) -> None:
        """Save the tensors; keep the number as an attribute."""
        x, w, ctx.scale = inputs
        ctx.save_for_backward(x, w)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        """Return a gradient for each argument of forward, None where there is none."""
        x, w = ctx.saved_tensors
        grad_x = grad_w = None
        if ctx.needs_input_grad[0]:
            grad_x = ctx.scale * (grad @ w.mT)
            ScaledProduct.products += 1
        if ctx.needs_input_grad[1]:
            grad_w = ctx.scale * (x.mT @ grad)
            ScaledProduct.products += 1
        return grad_x, grad_w, None


def slopes(function: Callable[[Tensor], Tensor], point: float) -> tuple[float, float, float]:
    """Return the slope of a function left of a point, right of it, and the gradient there.

    Args:
        function: Takes and returns a float64 tensor of one element.
        point: Where to look.

    Returns:
        Two one-sided differences over a step of 2**-30, infinite where steeper than 10**4, and the
        gradient that autograd computes at the point; all rounded to three decimals.

    >>> slopes(torch.abs, 0.0)
    (-1.0, 1.0, 0.0)
    """
    x = torch.tensor(point, dtype=torch.float64, requires_grad=True)
    value = function(x)
    (gradient,) = torch.autograd.grad(value, x)
    step = 2.0**-30
    with torch.no_grad():
        left = (value - function(x - step)) / step
        right = (function(x + step) - value) / step
    steep = [math.copysign(math.inf, s) if abs(s) > 1e4 else s for s in map(float, (left, right))]
    left_slope, right_slope, at_point = (round(s, 3) + 0.0 for s in (*steep, float(gradient)))
    return left_slope, right_slope, at_point


def safe_where(
    condition: Tensor,
    function: Callable[[Tensor], Tensor],
    x: Tensor,
    *,
    stand_in: float,
    otherwise: Tensor | float,
) -> Tensor:
    """Apply a function where a condition holds, and let nothing else reach its backward.

    Args:
        condition: Booleans, of a shape that broadcasts to that of `x`.
        function: Acts on each element alone and returns the shape it was given.
        x: Floating-point tensor of any shape.
        stand_in: What `function` gets where the condition is false: a number at which its value
            and derivatives are finite, or parameters used inside `function` may get NaN.
        otherwise: The result where the condition is false.

    Returns:
        `function(x)` where `condition` is true, `otherwise` elsewhere, in the shape that these
        broadcast to.

    Source:
        https://github.com/pytorch/pytorch/issues/16317 shows the inner `where` for a quotient.

    >>> import torch
    >>> x = torch.tensor([-4.0, 0.0, 4.0], requires_grad=True)
    >>> root = safe_where(x > 0, torch.sqrt, x, stand_in=1.0, otherwise=0.0)
    >>> root.sum().backward()
    >>> root.tolist(), x.grad.tolist()
    ([0.0, 0.0, 2.0], [0.0, 0.0, 0.25])
    """
    return torch.where(condition, function(torch.where(condition, x, stand_in)), otherwise)


class OperatorMeter(TorchDispatchMode):
    """Count the operators that run inside it, backward included, and the bytes of what they return.

    Attributes:
        calls: How many operators ran, below autograd and the transforms of `torch.func`.
        largest: Bytes of the largest storage that one of them returned; views count in full.

    Source:
        https://docs.pytorch.org/docs/stable/notes/extending.html

    >>> import torch
    >>> with OperatorMeter() as meter:
    ...     total = (torch.ones(3, 4) * 2).sum()
    >>> meter.calls, meter.largest
    (3, 48)
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls = 0
        self.largest = 0

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Run one operator, then count it and weigh what it returned."""
        result = func(*args, **(kwargs or {}))
        self.calls += 1
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor):
                self.largest = max(self.largest, leaf.untyped_storage().nbytes())
        return result


def per_sample_gradients(
    model: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    inputs: Tensor,
    targets: Tensor,
    *,
    randomness: str = "error",
) -> dict[str, Tensor]:
    """Return the gradient of each example's own loss, all from one vectorized backward.

    Args:
        model: Maps a batch to a batch, each example without regard to the others.
        loss: Maps output and target of a batch of one example to a scalar.
        inputs: Tensor of shape (N, ...), N at least 1.
        targets: Tensor of shape (N, ...).
        randomness: "different" draws for each example, "same" once for all, "error" raises.

    Returns:
        For each parameter that requires a gradient, by name, a tensor of shape ``(N, *shape)`` and
        of its dtype. No `.grad` is written.

    Raises:
        ValueError: If the model has a BatchNorm layer that normalizes with the batch it is given.

    Source:
        https://docs.pytorch.org/tutorials/intermediate/per_sample_grads.html

    >>> import torch
    >>> from torch.nn.functional import mse_loss
    >>> model, inputs = torch.nn.Linear(3, 1), torch.ones(5, 3)
    >>> gradients = per_sample_gradients(model, mse_loss, inputs, torch.zeros(5, 1))
    >>> {name: tuple(gradient.shape) for name, gradient in gradients.items()}
    {'weight': (5, 1, 3), 'bias': (5, 1)}
    >>> normalized = torch.nn.Sequential(torch.nn.BatchNorm1d(3), model)
    >>> per_sample_gradients(normalized, mse_loss, inputs, torch.zeros(5, 1))
    Traceback (most recent call last):
        ...
    ValueError: '0' (BatchNorm1d) mixes the examples of a batch: call its eval(), or use GroupNorm
    """
    for name, module in model.named_modules():
        uses_batch = module.training or getattr(module, "running_mean", None) is None
        if isinstance(module, _BatchNorm) and uses_batch:
            raise ValueError(
                f"{name!r} ({type(module).__name__}) mixes the examples of a batch: "
                "call its eval(), or use GroupNorm"
            )

    def loss_of_one(parameters: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
        output = functional_call(model, parameters, (x.unsqueeze(0),))
        return loss(output, y.unsqueeze(0))

    trained = {name: p.detach() for name, p in model.named_parameters() if p.requires_grad}
    each = vmap(grad(loss_of_one), (None, 0, 0), randomness=randomness)
    return cast(dict[str, Tensor], each(trained, inputs, targets))


class Value:
    """A number that stands on a tape, from whose end the derivatives are read.

    Args:
        number: The number, a float.
        tape: The list of values that this one is appended to.
        *sources: The values that it was computed from, each with the local derivative, the
            derivative of this number with respect to that one.

    Attributes:
        grad: After the first `backward` on a tape, the derivative of its result by this number.

    Source:
        Reverse accumulation, section 3.2 of https://arxiv.org/abs/1502.05767

    >>> tape: list[Value] = []
    >>> x = Value(3.0, tape)
    >>> (x * x).backward()
    >>> x.grad
    6.0
    """

    def __init__(self, number: float, tape: list[Value], *sources: tuple[Value, float]) -> None:
        self.number, self.tape, self.sources = number, tape, sources
        self.grad = 0.0
        tape.append(self)

    def __sub__(self, other: Value) -> Value:
        """Return the difference; its local derivatives are 1 and -1."""
        return Value(self.number - other.number, self.tape, (self, 1.0), (other, -1.0))

    def __mul__(self, other: Value) -> Value:
        """Return the product; the local derivative for each factor is the other one."""
        slopes = (self, other.number), (other, self.number)
        return Value(self.number * other.number, self.tape, *slopes)

    def square(self) -> Value:
        """Return the square; its local derivative is twice the number."""
        return Value(self.number**2, self.tape, (self, 2 * self.number))

    def backward(self) -> None:
        """Read the tape from its end, and add to each source what its path brings."""
        self.grad = 1.0
        for value in reversed(self.tape):
            for source, slope in value.sources:
                source.grad += value.grad * slope


def walk(tensor: Tensor) -> list[Node]:
    """Return the backward nodes that a tensor leads to, each one once.

    Args:
        tensor: A tensor of any shape that requires a gradient.

    Returns:
        The tensor's own node, then its next functions, then theirs and so on; a leaf's own
        node is its `AccumulateGrad`.

    Raises:
        RuntimeError: If the tensor does not require a gradient.

    Source:
        https://docs.pytorch.org/docs/stable/notes/autograd.html

    >>> w = torch.ones(3, requires_grad=True)
    >>> [type(node).__name__ for node in walk((w * w).sum())]
    ['SumBackward0', 'MulBackward0', 'AccumulateGrad']
    >>> [type(node).__name__ for node in walk(w)]
    ['AccumulateGrad']
    """
    nodes = [get_gradient_edge(tensor).node]
    seen = set(nodes)
    for node in nodes:  # grows as it is read
        for function, _ in node.next_functions:
            if function is not None and function not in seen:
                seen.add(function)
                nodes.append(function)
    return nodes


def saved_bytes(
    function: Callable[..., object], *inputs: object, exclude: Iterable[Tensor] = ()
) -> int:
    """Return how many bytes of tensors a call saves for its backward pass.

    Args:
        function: Is called once with `inputs`, under whatever grad mode is set.
        *inputs: Its arguments; on the meta device the count needs no memory.
        exclude: Tensors whose storages don't count, such as `module.parameters()`.

    Returns:
        The bytes of all distinct storages saved; a view counts with its whole storage, and
        Python numbers (8 bytes each), which hooks don't see, are left out.

    Raises:
        NotImplementedError: If a saved tensor has no storage, as a sparse one.

    Source:
        https://docs.pytorch.org/docs/stable/notes/autograd.html#hooks-for-saved-tensors

    >>> x = torch.ones(1000, requires_grad=True)
    >>> saved_bytes(torch.exp, x), saved_bytes(torch.neg, x)
    (4000, 0)
    >>> saved_bytes(torch.mul, x, x), saved_bytes(torch.mul, x, x, exclude=[x])
    (4000, 0)
    """
    storages: set[torch.UntypedStorage] = set()

    def pack(tensor: Tensor) -> Tensor:
        storages.add(tensor.untyped_storage())
        return tensor.detach()  # the tensor itself could keep the graph alive for ever

    with saved_tensors_hooks(pack, lambda packed: packed):
        function(*inputs)
    storages -= {tensor.untyped_storage() for tensor in exclude}
    return sum(storage.nbytes() for storage in storages)


@contextmanager
def evaluating(model: nn.Module, *, inference: bool = False) -> Iterator[None]:
    """Put a model in eval mode with recording off, then give each submodule its own flag back.

    Args:
        model: Any module, with parameters and buffers of any shapes and dtypes.
        inference: Whether to use inference mode in place of no_grad; what the model makes and
            keeps inside, such as a cache, is then an inference tensor and can't be trained on.

    Returns:
        A context manager; inside, nothing is recorded and dropout and batch norm evaluate.

    Source:
        https://docs.pytorch.org/docs/stable/notes/autograd.html

    >>> model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2).eval())
    >>> with evaluating(model):
    ...     out = model(torch.ones(1, 2))
    >>> out.requires_grad, [module.training for module in model]
    (False, [True, False])
    """
    flags = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.inference_mode() if inference else torch.no_grad():
            yield
    finally:
        for module, training in flags:
            module.train(training)  # a module may do more here than set its flag
        for module, training in flags:
            module.training = training  # and train() has set those of its submodules too


class GradientRow(NamedTuple):
    """What one parameter's gradient looks like.

    Attributes:
        name: The parameter's name.
        state: "frozen" (it does not require grad), "not a leaf", "None", "NaN", "inf", "zero" or
            "finite".
        norm: The 2-norm of the gradient in double precision, None where there is no gradient.
        ratio: `norm` over the norm of the parameter, None where either is missing or that is 0.

    """

    name: str
    state: str
    norm: float | None = None
    ratio: float | None = None


def gradient_report(parameters: nn.Module | Iterable[tuple[str, Tensor]]) -> list[GradientRow]:
    """Return the state of each gradient, in the order of the parameters; change nothing.

    Args:
        parameters: A module, or pairs of a name and a dense tensor of any shape, dtype and device.

    Returns:
        One row for each parameter. A NaN is reported before an inf, and an inf before a zero.

    >>> layer = nn.Linear(2, 1)
    >>> layer(torch.zeros(1, 2)).sum().backward()
    >>> [(row.name, row.state, row.norm) for row in gradient_report(layer)]
    [('weight', 'zero', 0.0), ('bias', 'finite', 1.0)]
    >>> w = torch.tensor([3.0, 4.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> gradient_report([("w", w), ("w * 2", w * 2), ("w.detach()", w.detach())])[0]
    GradientRow(name='w', state='finite', norm=10.0, ratio=2.0)
    >>> [row.state for row in gradient_report([("w * 2", w * 2), ("w.detach()", w.detach())])]
    ['not a leaf', 'frozen']
    """
    if isinstance(parameters, nn.Module):
        parameters = parameters.named_parameters()
    rows = []
    for name, parameter in parameters:
        if not parameter.requires_grad:
            rows.append(GradientRow(name, "frozen"))
        elif not (parameter.is_leaf or parameter.retains_grad):
            rows.append(GradientRow(name, "not a leaf"))  # asking for its .grad would warn
        elif parameter.grad is None:
            rows.append(GradientRow(name, "None"))
        else:
            norm, size = _norm(parameter.grad), _norm(parameter)
            states = {
                "NaN": parameter.grad.isnan(),
                "inf": parameter.grad.isinf(),
                "finite": parameter.grad != 0,
            }
            state = next((state for state, hit in states.items() if hit.any()), "zero")
            rows.append(GradientRow(name, state, norm, norm / size if size else None))
    return rows


def nonfinite_births(result: Tensor) -> list[Node]:
    """Return the backward functions that make NaN or inf out of finite gradients.

    It runs a backward pass from ones at `result`, watched by hooks on every node. The graph and
    all `.grad` stay as they are, but hooks that are registered on its tensors and nodes do run.

    Args:
        result: The loss, or any tensor that requires a gradient.

    Returns:
        The nodes that received only finite numbers and sent others, in the order they ran. Empty
        if all gradients are finite, or if only values of the forward pass are not.

    Raises:
        RuntimeError: If `result` does not require a gradient, or an earlier backward pass freed
            what the graph had saved.

    >>> w = torch.tensor([0.0, 1.0], requires_grad=True)
    >>> loss = (w * 0).sqrt().sum()
    >>> torch.autograd.grad(loss, w, retain_graph=True)
    (tensor([nan, nan]),)
    >>> [node.name() for node in nonfinite_births(loss)]
    ['SqrtBackward0']
    """

    def finite(gradients: Iterable[Tensor | None]) -> bool:
        return all(grad is None or bool(grad.isfinite().all()) for grad in gradients)

    def watch(node: Node) -> RemovableHandle:
        def after(sent: Sequence[Tensor | None], received: Sequence[Tensor | None]) -> None:
            if finite(received) and not finite(sent):
                births.append(node)

        return node.register_hook(after)

    births: list[Node] = []
    nodes = walk(result)
    leaves = [node.variable for node in nodes if hasattr(node, "variable")]
    handles = [watch(node) for node in nodes]
    try:
        torch.autograd.grad(
            result, leaves, torch.ones_like(result), retain_graph=True, allow_unused=True
        )
    finally:
        for handle in handles:
            handle.remove()
    return births


def _norm(tensor: Tensor) -> float:
    wide = torch.promote_types(tensor.dtype, torch.float64)
    return float(torch.linalg.vector_norm(tensor.detach().cpu().to(wide)))
