"""
Shift a random stream
=====================

A seed fixes a stream of random numbers, not the value of any one tensor. This
script shows how the size of a draw changes its first values, how one extra draw
moves all later ones, and how a generator of its own prevents that.

The guide page :doc:`/guide/tensors/randomness` builds on these experiments.
"""

import math

import matplotlib.pyplot as plt
import torch
from torch import nn


def seeded(draw, *args, **kwargs):
    torch.manual_seed(0)
    return draw(*args, **kwargs)


# %%
# Same seed, another size
# -----------------------
#
# Do the first three numbers depend on how many are drawn? For :func:`torch.rand` they do not. For
# :func:`torch.randn` on the CPU they stay the same up to 15 elements, and change at 16.

few = seeded(torch.randn, 3)
assert all(torch.equal(seeded(torch.rand, n)[:3], seeded(torch.rand, 3)) for n in range(3, 65))
assert all(torch.equal(seeded(torch.randn, n)[:3], few) for n in range(3, 16))
assert not any(torch.equal(seeded(torch.randn, n)[:3], few) for n in range(16, 65))
seeded(torch.randn, 15)[:3], seeded(torch.randn, 16)[:3]

# %%
# Each row is one draw after the same seed. A column keeps its color where the size has no effect.

count, box = 34, (0.5, 34.5, 34.5, 0.5)
fig, axes = plt.subplots(1, 2, figsize=(6, 4.2), sharey=True, layout="constrained")
for ax, draw, (low, high) in zip(axes, (torch.rand, torch.randn), ((0, 1), (-2, 2)), strict=True):
    rows = torch.full((count, count), math.nan)
    for n in range(1, count + 1):
        rows[n - 1, :n] = seeded(draw, n)
    ax.imshow(rows.numpy(), cmap="viridis", vmin=low, vmax=high, extent=box, aspect="auto")
    ax.set_title(f"torch.{draw.__name__}", fontsize=13)
    ax.set(xlabel="position in the draw", xticks=[1, 16, 32], yticks=[1, 16, 32])
axes[0].set_ylabel("size of the draw")
axes[1].axhline(15.5, color="#D55E00", linewidth=2)
axes[1].text(count, 15, "sizes from 16 on", color="#D55E00", fontsize=12, ha="right")
fig.suptitle("One seed, many sizes: randn breaks at 16", fontsize=14)
plt.show()

# %%
# Why 16
# ------
#
# The CPU code has two recipes to make two normal numbers from two uniform ones (Box-Muller). Below
# 16 elements it pairs consecutive doubles. From 16 on, if the tensor is contiguous, it pairs each
# of the first 8 in a block of 16 with the one 8 places on. ``rand`` can rebuild both.


def box_muller(u, v):
    radius, angle = torch.sqrt(-2 * torch.log1p(-u)), math.tau * v
    return radius * torch.cos(angle), radius * torch.sin(angle)


v, u = seeded(torch.rand, 16, dtype=torch.float64).view(8, 2).mT
small = torch.stack(box_muller(u, v), dim=1).flatten()[:15].float()
torch.testing.assert_close(seeded(torch.randn, 15), small)
u, v = seeded(torch.rand, 16).view(2, 8)
torch.testing.assert_close(seeded(torch.randn, 16), torch.cat(box_muller(u, v)))
spaced = torch.empty(32)[::2]  # 16 elements, not contiguous
assert torch.equal(seeded(spaced.normal_)[:15], seeded(torch.randn, 15))

# %%
# A size that is no multiple of 16 draws its last 16 numbers again: the slanted edge in the picture.
# All of this is what was observed on the CPU, not a promise (`the report
# <https://github.com/pytorch/pytorch/issues/80202>`__, `the code
# <https://github.com/pytorch/pytorch/blob/v2.13.0/aten/src/ATen/native/cpu/DistributionTemplates.h>`__,
# `what is promised <https://docs.pytorch.org/docs/stable/notes/randomness.html>`__).

for n in range(17, 32):
    same = seeded(torch.randn, n)[:16] == seeded(torch.randn, 16)
    assert same.tolist() == [True] * (n - 16) + [False] * (32 - n)

# %%
# One more draw moves the rest
# ----------------------------
#
# Draws without a generator take from one stream, in the order they run. Four extra numbers, X, move
# B by four places, unless X comes from a :class:`torch.Generator` of its own.


def run(extra, generator=None):
    return torch.rand(6), torch.rand(extra, generator=generator), torch.rand(6)


stream = seeded(torch.rand, 16)
runs = [seeded(run, 0), seeded(run, 4), seeded(run, 4, torch.Generator().manual_seed(1))]
places = [[(d[:, None] == stream).nonzero()[:, 1].tolist() for d in draws] for draws in runs]
assert [b for _, _, b in places] == [[*range(6, 12)], [*range(10, 16)], [*range(6, 12)]]
assert places[1][1] == [6, 7, 8, 9] and places[2][1] == []

fig, ax = plt.subplots(figsize=(6, 2.8), layout="constrained")
styles = [("A", "#0072B2"), ("X", "#D55E00"), ("B", "#009E73")]
for row, draws in enumerate(places):
    for (name, color), at in zip(styles, draws, strict=True):
        bars = ax.barh([row] * len(at), 0.9, left=[place - 0.45 for place in at], color=color)
        ax.bar_label(bars, [name] * len(at), label_type="center", color="w", fontsize=14)
ax.set_yticks(range(3), ["A, B", "A, X, B", "X from its own\ngenerator"], fontsize=12)
ax.invert_yaxis()
ax.set(xlabel="place in the stream", title="Which draw reads which number of the stream")
plt.show()

# %%
# A layer is so many draws
# ------------------------
#
# 8 by 8 weights and 8 biases should move the layer after them just as 72 plain draws do.


def build(middle):
    return nn.Linear(4, 8).weight, middle(), nn.Linear(8, 2).weight


first, _, head = seeded(build, lambda: None)
same_first, _, moved_head = seeded(build, lambda: nn.Linear(8, 8))
assert torch.equal(same_first, first) and not torch.equal(moved_head, head)
assert torch.equal(moved_head, seeded(build, lambda: torch.rand(72))[2])

# %%
# What was seen
# -------------
#
# To predict a draw, count the draws before it. A generator of its own shields it, and so does
# :func:`torch.random.fork_rng`, which puts the stream back afterwards. But set a seed inside, or
# the new layer gets the very numbers that the next one will read.


def fork(reseed):
    with torch.random.fork_rng(devices=[]):  # puts back only the CPU stream
        reseed()
        return nn.Linear(8, 2).weight


_, new, same_head = seeded(build, lambda: fork(lambda: torch.manual_seed(1)))
assert torch.equal(same_head, head) and not torch.equal(new, head)
assert torch.equal(seeded(build, lambda: fork(lambda: None))[1], head)
