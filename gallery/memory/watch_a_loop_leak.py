"""
Watch a loop leak
=================

A loop leaks when each step leaves something behind. Four loops train or evaluate the same
network; after each step this script counts the bytes that are alive and the nodes of the graph.

The leaks are explained in :doc:`/appendix/memory/leaks`, and why a loss holds its graph in
:doc:`/guide/autograd/graph`. The main call is :func:`torch.autograd.graph.get_gradient_edge`.
"""

import weakref
from functools import partial

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.autograd.graph import get_gradient_edge
from torch.utils._python_dispatch import TorchDispatchMode

# %%
# Count bytes
# -----------
#
# Each storage that an operation returns is added, and taken off when it is freed, whoever held
# it: a name, a list or a graph.

known = weakref.WeakSet()


class Alive(TorchDispatchMode):
    bytes = 0

    def free(self, size):
        self.bytes -= size

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        known.update(t.untyped_storage() for t in args if isinstance(t, torch.Tensor))
        out = func(*args, **(kwargs or {}))
        for each in out if isinstance(out, (tuple, list)) else [out]:
            if isinstance(each, torch.Tensor) and each.untyped_storage() not in known:
                known.add(storage := each.untyped_storage())
                self.bytes += storage.nbytes()
                weakref.finalize(storage, self.free, storage.nbytes())
        return out


# %%
# Count nodes
# -----------
#
# The graph is walked from everything that the loop has kept; each node counts once.


def count_nodes(tensors):
    waiting = [get_gradient_edge(each).node for each in tensors if each.requires_grad]
    found = set()
    while waiting:
        node = waiting.pop()
        if node is not None and node not in found:
            found.add(node)
            waiting += [following for following, _ in node.next_functions]
    return len(found)


# %%
# Four loops
# ----------
#
# They differ in what is done with the loss. Which of them leaks bytes, and which nodes?


def run(use):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 1))
    data, kept = torch.randn(512, 64), [torch.zeros(())]
    rows = []
    with Alive() as alive:
        for _ in range(30):
            net.zero_grad()
            use(net(data).square().mean(), kept)
            rows.append((alive.bytes, count_nodes(kept)))
    return rows


def kept_unused(loss, kept):  # an evaluation without no_grad
    kept.append(loss)


def listed(loss, kept):
    loss.backward()
    kept.append(loss)


def summed(loss, kept, detach=False):
    loss.backward()
    kept[0] = kept[0] + (loss.detach() if detach else loss)


loops = {
    "loss kept, no backward": (kept_unused, "#D55E00", "-"),
    "sum of losses, after backward": (summed, "#0072B2", "-"),
    "list of losses, after backward": (listed, "#E69F00", "--"),
    "sum of detached losses": (partial(summed, detach=True), "#009E73", ":"),
}
seen = {name: run(use) for name, (use, _, _) in loops.items()}

# %%
# Draw both
# ---------
#
# On the left one loop stands out from the other three; on the right three from one.

fig, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for name, (_, color, style) in loops.items():
    look = {"color": color, "linestyle": style, "linewidth": 2.5, "label": name}
    axes[0].plot(range(1, 31), [size / 2**20 for size, _ in seen[name]], **look)
    axes[1].plot(range(1, 31), [nodes for _, nodes in seen[name]], **look)
axes[0].set(title="Bytes alive", xlabel="steps done", ylabel="MiB made by the loop")
axes[1].set(title="Nodes held", xlabel="steps done", ylabel="backward nodes")
axes[0].legend()
plt.show()

# %%
# Measure the growth
# ------------------
#
# From the second step on each loop grows evenly. A kept loss of 4 bytes holds the hidden layer
# (512 by 256), the 512 predictions that the square saved, and 7 nodes; a sum is one node more.


def growth(name):
    pairs = zip(seen[name][1:], seen[name][2:], strict=False)
    return {(after[0] - before[0], after[1] - before[1]) for before, after in pairs}


assert growth("loss kept, no backward") == {(4 * (512 * 256 + 512 + 1), 7)}
assert growth("list of losses, after backward") == {(4, 7)}
assert growth("sum of losses, after backward") == {(0, 8)}
assert growth("sum of detached losses") == {(0, 0)}

# %%
# What was seen
# -------------
#
# A kept loss holds its step's activations until a backward frees them: half a MiB a step. After
# a backward the nodes stay, and no count of bytes shows them. The detached sum leaves nothing.

assert seen["loss kept, no backward"][-1][0] > 15 * 2**20
assert seen["sum of losses, after backward"][-1][0] == seen["sum of detached losses"][-1][0]
