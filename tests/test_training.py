"""The edges and errors of snippets.training that no page shows."""

import pytest
import torch
from torch import nn

from snippets import training


def test_what_a_step_moved_finds_what_stands_still() -> None:
    """Frozen, unused and unknown parameters are told apart from those that move."""
    model = nn.ModuleDict({name: nn.Linear(1, 1, bias=False) for name in ("a", "b", "c", "d")})
    model["b"].requires_grad_(False)
    known = [*model["a"].parameters(), *model["b"].parameters(), *model["c"].parameters()]
    optimizer = torch.optim.SGD(known, lr=0.5)

    def loss() -> torch.Tensor:
        outputs = [model[name](torch.ones(1, 1)) for name in ("a", "b", "d")]
        return torch.cat(outputs).sum()

    moved = training.what_a_step_moved(model, optimizer, loss)
    assert moved == {"a.weight": 0.5, "b.weight": 0.0, "c.weight": 0.0, "d.weight": 0.0}


def test_what_a_step_moved_starts_from_no_gradient() -> None:
    """Gradients that somebody else left don't count."""
    layer = nn.Linear(1, 1, bias=False)
    layer.weight.grad = torch.full((1, 1), 100.0)
    optimizer = torch.optim.SGD(layer.parameters(), lr=1.0)
    moved = training.what_a_step_moved(layer, optimizer, lambda: layer(torch.ones(1, 1)).sum())
    assert moved["weight"] == pytest.approx(1.0)
