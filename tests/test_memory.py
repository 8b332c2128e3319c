"""The edges of snippets.memory that no page shows."""

import pytest
import torch
from torch import nn

from snippets import memory


def test_roles_count_each_storage_once() -> None:
    """Tied weights count once, views whole, and a buffer in a parameter's memory not at all."""
    model = nn.Module()
    model.first = nn.Linear(10, 10, bias=False)
    model.second = nn.Linear(10, 10, bias=False)
    model.second.weight = model.first.weight
    model.part = nn.Parameter(torch.zeros(100)[:1])
    model.register_buffer("alias", model.first.weight.detach())
    model.register_buffer("own", torch.zeros(3, dtype=torch.int64))
    roles = memory.bytes_by_role(model)
    assert roles == {"parameters": 800, "gradients": 0, "optimizer": 0, "buffers": 24}


@pytest.mark.parametrize(("momentum", "state"), [(0.0, 0), (0.9, 440)])
def test_roles_of_sgd(momentum: float, state: int) -> None:
    """A state of None counts nothing."""
    model = nn.Linear(10, 10)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=momentum)
    model(torch.ones(1, 10)).sum().backward()
    optimizer.step()
    roles = memory.bytes_by_role(model, optimizer)
    assert roles == {"parameters": 440, "gradients": 440, "optimizer": state, "buffers": 0}


def test_roles_of_frozen_copied_and_meta() -> None:
    """Frozen parameters have no gradient; an optimizer's own copies are its state; meta counts."""
    model = nn.Linear(10, 10, device="meta", dtype=torch.bfloat16)
    model.weight.requires_grad_(False)
    model(torch.ones(1, 10, device="meta", dtype=torch.bfloat16)).sum().backward()
    copies = [parameter.detach().float() for parameter in model.parameters()]
    roles = memory.bytes_by_role(model, torch.optim.SGD(copies, lr=0.1))
    assert roles == {"parameters": 220, "gradients": 20, "optimizer": 440, "buffers": 0}


def test_sparse_gradients_are_refused() -> None:
    """A sparse gradient has no single storage to weigh."""
    model = nn.Embedding(4, 2, sparse=True)
    model(torch.tensor([1])).sum().backward()
    with pytest.raises(NotImplementedError, match="Cannot access storage"):
        memory.bytes_by_role(model)


class Scale(nn.Module):
    """A module that saves something itself, calls one child twice, and can fail."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(10, 10, bias=False)
        self.register_buffer("factor", torch.ones(10))

    def forward(self, x: torch.Tensor, fail: bool = False) -> torch.Tensor:
        """Return the scaled product of two passes."""
        if fail:
            raise KeyError
        out: torch.Tensor = self.inner(self.inner(x)).exp() * self.factor
        return out


def test_saved_by_layer_of_shared_and_own() -> None:
    """A child that is called twice adds up; what the parent saves goes by the parent's name."""
    model = nn.Sequential(Scale(), nn.Identity())
    saved = memory.saved_by_layer(model, torch.ones(5, 10))
    assert saved == {"0.inner": 400, "0": 200, "1": 0}
    assert memory.saved_by_layer(Scale(), torch.ones(5, 10)) == {"inner": 400, "": 200}


def test_saved_by_layer_takes_its_hooks_away() -> None:
    """After an error too."""
    model = Scale()
    with pytest.raises(KeyError):
        memory.saved_by_layer(model, torch.ones(1, 10), True)
    assert not model._forward_hooks and not model._forward_pre_hooks
    with torch.no_grad():
        assert memory.saved_by_layer(model, torch.ones(1, 10)) == {"inner": 0}


def test_peak_counts_what_only_the_graph_holds() -> None:
    """Saved results have no Python name, and are alive until the backward has used them."""
    x = torch.ones(1000, requires_grad=True)
    assert memory.peak_bytes(lambda: x.exp().exp().exp().exp()) == 16000
    with torch.no_grad():
        assert memory.peak_bytes(lambda: x.exp().exp().exp().exp()) == 8000
    assert memory.peak_bytes(lambda: x.view(10, 100).t()) == 0


def test_peak_is_the_largest_moment() -> None:
    """What is kept stays counted, and what was freed before doesn't come back."""
    kept = []

    def call() -> None:
        kept.append(torch.zeros(100))
        torch.zeros(1000)
        torch.zeros(10)

    assert memory.peak_bytes(call) == 4400


def test_pack_once_tells_places_and_writes_apart() -> None:
    """Another part of a storage, and the same part after a write, are packed anew."""
    base, made = torch.arange(6.0), []

    def make(tensor: torch.Tensor) -> torch.Tensor:
        made.append(tensor.tolist())
        return tensor.clone()

    pack = memory.pack_once(make)
    first = pack(base[:2])
    assert pack(base[:2]) is first
    assert pack(base[2:4]) is not first
    base.add_(1)
    assert pack(base[:2]) is not first
    assert made == [[0, 1], [2, 3], [1, 2]]


def test_bytes_kept_sees_what_only_a_graph_holds() -> None:
    """A kept loss counts with what its graph saved, and no more after its backward."""
    w, kept = torch.ones(1000, requires_grad=True), []

    def forward() -> None:
        kept.append(w.exp().sum())

    def train() -> None:
        forward()
        kept[-1].backward()
        w.grad = None

    assert memory.bytes_kept(forward, 3) == [4004, 8008, 12012]
    assert memory.bytes_kept(train, 3) == [4, 8, 12]


def test_bytes_kept_falls_when_something_is_freed() -> None:
    """A list that is cleared brings the sum back."""
    kept: list[torch.Tensor] = []

    def step() -> None:
        if len(kept) == 2:
            kept.clear()
        kept.append(torch.zeros(10))

    assert memory.bytes_kept(step, 4) == [40, 80, 40, 80]
    assert memory.bytes_kept(step, 0) == []


def test_shared_storages_of_views_buffers_and_copies() -> None:
    """Views of one storage share, `load_state_dict` copies, `assign=True` shares."""
    base = torch.zeros(4)
    first, second = nn.Module(), nn.Module()
    first.register_buffer("left", base[:2], persistent=False)
    second.register_buffer("right", base[2:])
    second.own = nn.Parameter(torch.zeros(1))
    assert memory.shared_storages(first, second) == [("left", "right")]
    one, other = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)
    other.load_state_dict(one.state_dict())
    assert memory.shared_storages(one, other) == []
    other.load_state_dict(one.state_dict(), assign=True)
    assert memory.shared_storages(one, other) == [("weight", "weight")]


def test_shared_storages_lists_tied_names() -> None:
    """A tied weight is there under both names; meta tensors share only with themselves."""
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    model[1].weight = model[0].weight
    assert len(memory.shared_storages(model, model)) == 4
    meta = nn.Linear(2, 2, bias=False, device="meta")
    assert memory.shared_storages(meta, nn.Linear(2, 2, bias=False, device="meta")) == []
