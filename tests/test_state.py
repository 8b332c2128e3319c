"""What a page or script changes for all is taken back before the next one."""

import random

import numpy as np
import pytest
import torch

from snippets._state import reset

CHANGES = {
    "default dtype": lambda: torch.set_default_dtype(torch.float64),
    "default device": lambda: torch.set_default_device("meta"),
    "grad mode": lambda: torch.set_grad_enabled(False),
    "deterministic algorithms": lambda: torch.use_deterministic_algorithms(True),
    "print options": lambda: torch.set_printoptions(precision=1),
    "warn always": lambda: torch.set_warn_always(True),
    "threads": lambda: torch.set_num_threads(1 + torch.get_num_threads() % 2),
    "flush denormal": lambda: torch.set_flush_denormal(True),
    "anomaly mode": lambda: torch.autograd.set_detect_anomaly(True),
    "matmul precision": lambda: torch.set_float32_matmul_precision("medium"),
    "torch's stream": lambda: torch.rand(1),
    "NumPy's stream": np.random.rand,
    "Python's stream": random.random,
}


def state() -> list[object]:
    """Return what pages and scripts can change for all."""
    numbers = [torch.rand(1).item(), np.random.rand(), random.random()]
    tiny = torch.tensor(1e-40, device="cpu", dtype=torch.float32)
    return [
        torch.get_default_dtype(),
        torch.empty(0).device,
        torch.is_grad_enabled(),
        torch.are_deterministic_algorithms_enabled(),
        str(torch.tensor(1 / 3, device="cpu", dtype=torch.float32)),
        torch.is_warn_always_enabled(),
        torch.get_num_threads(),
        (tiny / 2).item() > 0,
        torch.is_anomaly_enabled(),
        torch.get_float32_matmul_precision(),
        *numbers,
    ]


@pytest.mark.parametrize("what", CHANGES)
def test_it_is_taken_back(what: str) -> None:
    """After the change the state is another; after the reset it is the first one again."""
    reset()
    first = state()
    reset()
    CHANGES[what]()
    changed = state() if what != "default device" else [torch.empty(0).device]
    assert changed != first
    reset()
    assert state() == first
