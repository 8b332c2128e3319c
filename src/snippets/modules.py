"""Code shown in the Modules guide."""

from __future__ import annotations

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
