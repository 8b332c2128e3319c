"""Code shown in the Training guide."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.optim import Optimizer


def what_a_step_moved(
    model: nn.Module, optimizer: Optimizer, compute_loss: Callable[[], Tensor]
) -> dict[str, float]:
    """Take one optimizer step and return how far it moved each parameter.

    Args:
        model: The model that trains; it is a step further afterwards.
        optimizer: The optimizer of its parameters.
        compute_loss: Runs the forward pass and returns the loss, a tensor of one element.

    Returns:
        For each name of `model.named_parameters()`, the norm of its change. 0 means that it did not
        move: it is frozen, unused by the loss, or unknown to the optimizer, or the rate is 0.

    >>> model = nn.Linear(1, 1)
    >>> optimizer = torch.optim.SGD([model.bias], lr=0.5)
    >>> what_a_step_moved(model, optimizer, lambda: model(torch.ones(1, 1)).sum())
    {'weight': 0.0, 'bias': 0.5}
    """
    before = {name: each.detach().clone() for name, each in model.named_parameters()}
    optimizer.zero_grad()
    compute_loss().backward()
    optimizer.step()
    after = model.named_parameters()
    return {name: (each.detach() - before[name]).norm().item() for name, each in after}


@dataclass
class PlainSGD:
    """Moves parameters as `torch.optim.SGD` does.

    Args:
        params: Floating-point leaves; those whose `.grad` is None stay where they are.
        lr: The factor of what is subtracted.
        momentum: How much of the buffer is kept.
        dampening: How much of a gradient is left out of the buffer, from the second one on.
        weight_decay: How much of the parameter is added to its gradient.
        nesterov: Whether to step along the gradient plus momentum times the buffer.
        buffers: The momentum buffer of each parameter, of its shape and dtype.

    Source: the algorithm in the reference of `torch.optim.SGD`.

    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> w.grad = torch.tensor([0.5])
    >>> optimizer = PlainSGD([w], lr=1.0, momentum=0.5)
    >>> optimizer.step()
    >>> optimizer.step()
    >>> w.tolist(), optimizer.buffers[w].tolist()
    ([-0.25], [0.75])
    """

    params: Iterable[Tensor]
    lr: float = 1e-3
    momentum: float = 0.0
    dampening: float = 0.0
    weight_decay: float = 0.0
    nesterov: bool = False
    buffers: dict[Tensor, Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Keep a list, as `model.parameters()` can be read only once."""
        self.params = list(self.params)

    def step(self) -> None:
        """Take one step."""
        for theta in self.params:
            if theta.grad is None:
                continue
            with torch.no_grad():
                g = theta.grad + self.weight_decay * theta
                if self.momentum != 0:
                    b = self.buffers.get(theta)
                    b = g if b is None else self.momentum * b + (1 - self.dampening) * g
                    self.buffers[theta] = b
                    g = g + self.momentum * b if self.nesterov else b
                theta.sub_(self.lr * g)


@dataclass
class PlainAdam:
    """Moves parameters as `torch.optim.Adam` does.

    Args:
        params: Real floating-point leaves; those whose `.grad` is None stay where they are.
        lr: The size of a first step, about.
        betas: How much of each average is kept at a step.
        eps: What is added to the root of the corrected average of squares.
        state: For each parameter the count of its steps and two averages, of its gradients and of
            their squares, of its shape and dtype.

    Source: Kingma and Ba (2015), Algorithm 1, https://arxiv.org/abs/1412.6980.

    >>> w = torch.tensor([1.0, 1.0], requires_grad=True)
    >>> w.grad = torch.tensor([1e-3, -1e3])
    >>> PlainAdam([w], lr=0.5).step()
    >>> [round(each, 3) for each in w.tolist()]
    [0.5, 1.5]
    """

    params: Iterable[Tensor]
    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    state: dict[Tensor, tuple[int, Tensor, Tensor]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Keep a list, as `model.parameters()` can be read only once."""
        self.params = list(self.params)

    def step(self) -> None:
        """Take one step."""
        beta1, beta2 = self.betas
        for theta in self.params:
            if theta.grad is None:
                continue
            with torch.no_grad():
                g, zero = theta.grad, torch.zeros_like(theta)
                t, m, v = self.state.get(theta, (0, zero, zero))
                t = t + 1
                m = beta1 * m + (1 - beta1) * g
                v = beta2 * v + (1 - beta2) * g * g
                self.state[theta] = t, m, v
                m_hat = m / (1 - beta1**t)
                v_hat = v / (1 - beta2**t)
                theta.sub_(self.lr * m_hat / (v_hat.sqrt() + self.eps))


class Steps(Protocol):
    """What has a method `step`, as each optimizer has."""

    def step(self) -> object:
        """Take one step."""


def largest_gap(
    make_first: Callable[..., Steps],
    make_second: Callable[..., Steps],
    steps: int = 100,
    **options: Any,
) -> float:
    """Train two equal networks, each by its own optimizer, and return how far they come apart.

    The task is a sine, learned in batches of 16 by a network of 25 parameters in float64.

    Args:
        make_first: Makes the first network's optimizer from its parameters and the options.
        make_second: The same for the second network.
        steps: How many batches to train on.
        options: Passed on to both.

    Returns:
        The largest difference between two corresponding parameters that any step left behind.

    >>> largest_gap(torch.optim.SGD, torch.optim.SGD, lr=0.1)
    0.0
    >>> largest_gap(torch.optim.SGD, torch.optim.Adam, lr=0.1) > 0.1
    True
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        first = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1)).double()
    second = copy.deepcopy(first)
    x = torch.linspace(-3, 3, 64, dtype=torch.float64).reshape(16, 4).t().unsqueeze(2)
    pairs = list(zip(first.parameters(), second.parameters(), strict=True))
    trained = [
        (first, make_first(first.parameters(), **options)),
        (second, make_second(second.parameters(), **options)),
    ]
    gap = 0.0
    for step in range(steps):
        batch = x[step % 4]
        for model, optimizer in trained:
            model.zero_grad()
            nn.functional.mse_loss(model(batch), batch.sin()).backward()
            optimizer.step()
        gap = max(gap, *((one - two).abs().max().item() for one, two in pairs))
    return gap


def steps_for(
    optimizer_class: Callable[..., Optimizer], gradients: Iterable[float], **options: Any
) -> list[float]:
    """Feed gradients to an optimizer of one number and return how far each step subtracts.

    Args:
        optimizer_class: Makes the optimizer from a list of parameters and the options.
        gradients: What `.grad` is before each step.
        options: Passed on to the optimizer.

    Returns:
        For each gradient, the parameter before the step minus the parameter after it, in float64.

    >>> steps_for(torch.optim.SGD, [1.0, -2.0], lr=0.5)
    [0.5, -1.0]
    """
    w = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimizer = optimizer_class([w], **options)
    moved = []
    for gradient in gradients:
        before = w.item()
        w.grad = torch.tensor(gradient, dtype=w.dtype)
        optimizer.step()
        moved.append(before - w.item())
    return moved
