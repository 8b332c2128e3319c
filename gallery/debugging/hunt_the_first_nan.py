"""
Hunt the first NaN
==================

A NaN spreads from the layer that makes it to all that follow. This script plants a fault in each
layer of a small network in turn, and lets a global forward hook name the first layer that turned
finite numbers into others.

What to do about it is in :doc:`/appendix/debugging/nan-hunt`, and where NaN gradients come from
in :doc:`/guide/autograd/nan-gradients`. The hook is set by
:func:`torch.nn.modules.module.register_module_forward_hook`.
"""

from collections import OrderedDict

import matplotlib.pyplot as plt
import torch
from matplotlib.colors import ListedColormap
from torch import nn
from torch.nn.modules.module import register_module_forward_hook

names = ["embed", "norm", "mix", "act", "project", "squash", "out"]


def network():
    torch.manual_seed(0)
    parts = [nn.Linear(8, 16), nn.LayerNorm(16), nn.Linear(16, 16), nn.ReLU()]
    parts += [nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 2)]
    return nn.Sequential(OrderedDict(zip(names, parts, strict=True)))


# %%
# Plant a fault
# -------------
#
# A planted layer returns its result with one number replaced: one of 32 rows, one column. The
# fault is infinite, as most are when they are born; what follows makes NaN of it.


class Faulty(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        result = self.inner(x).clone()
        result[5, 0] = torch.inf
        return result


def planted(name):
    model = network()
    setattr(model, name, Faulty(getattr(model, name)))
    return model


# %%
# One hook for all modules
# ------------------------
#
# It fires after each call of each module, innermost first. It keeps the share of numbers that are
# finite, NaN and infinite, in the order of the calls.


def watch(model, x):
    paths = {module: path for path, module in model.named_modules()}
    timeline = {}

    def look(module, args, result):
        path, given = paths[module], args[0]
        if path in names:
            timeline[path] = {
                "given": given.isfinite().all().item(),
                "NaN": result.isnan().float().mean().item(),
                "inf": result.isinf().float().mean().item(),
            }

    handle = register_module_forward_hook(look)
    try:
        with torch.no_grad():
            model(x)
    finally:
        handle.remove()
    return timeline


def first_bad(timeline):
    bad = [p for p, seen in timeline.items() if seen["given"] and seen["NaN"] + seen["inf"]]
    return bad[0] if bad else None


x = torch.randn(32, 8, generator=torch.Generator().manual_seed(1))
timelines = {name: watch(planted(name), x) for name in names}

# %%
# The hook names the planted layer
# --------------------------------
#
# In each of the seven runs, and none in a healthy network.

assert [first_bad(timelines[name]) for name in names] == names
assert first_bad(watch(network(), x)) is None

# %%
# Draw the timelines
# ------------------
#
# A row is a run, from the first layer to the last. The frame marks what the hook named.

fig, ax = plt.subplots(figsize=(7.5, 4.4))
colors = ListedColormap(["#E8E8E8", "#E69F00", "#D55E00"])
kinds = [
    [2 if seen["NaN"] else 1 if seen["inf"] else 0 for seen in timelines[name].values()]
    for name in names
]
ax.imshow(kinds, cmap=colors, vmin=0, vmax=2, aspect="auto")
for y, row in enumerate(kinds):
    for x_place, kind in enumerate(row):
        ax.text(x_place, y, ("finite", "inf", "NaN")[kind], ha="center", va="center", fontsize=9)
    ax.add_patch(plt.Rectangle((y - 0.47, y - 0.45), 0.94, 0.9, fill=False, linewidth=2.5))
ax.set_xticks(range(7), names)
ax.set_yticks(range(7), names)
ax.set(xlabel="output of the layer", ylabel="fault planted in")
ax.set_title("The first bad layer, in seven runs")
plt.show()

# %%
# Some layers hide an infinity
# ----------------------------
#
# Tanh makes 1 or -1 of it, so in three runs the output is finite and the loss says nothing. A look
# between the layers finds the fault in these too.

ends = {name: timelines[name]["out"] for name in names}
quiet = [name for name in names if ends[name]["NaN"] + ends[name]["inf"] == 0]
assert quiet == ["mix", "act", "project"]
quiet

# %%
# What was seen
# -------------
#
# "Bad output of good inputs" names the culprit; "bad output" alone names its successors too, and a
# test of the loss misses what a bounded layer has hidden.


spoiled = [path for path, seen in timelines["embed"].items() if seen["NaN"] + seen["inf"]]
assert spoiled == names  # a fault in the first layer spoils all that follow
