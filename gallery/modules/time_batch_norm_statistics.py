"""
Time batch norm statistics
==========================

Running statistics are a clock: each batch moves them by a share called momentum. This script lets
four momenta and a plain average chase a mean of 3 and a variance of 4, measures how long each one
takes and how much it trembles, and shows which of the two variances is stored.

The rules are in :doc:`/guide/modules/batch-norm`. The main call is :class:`torch.nn.BatchNorm2d`.
"""

import math

import matplotlib.pyplot as plt
import torch
from torch import nn

torch.manual_seed(0)

# %%
# Two variances
# -------------
#
# In train mode the output is normalized by the biased variance of all values of a channel, and
# the unbiased one is stored. With momentum 1.0 nothing of the start is left.

image = torch.randn(2, 3, 4, 5) * 2 + 3
norm = nn.BatchNorm2d(3, momentum=1.0, eps=1e-12, affine=False)
out = norm(image)
biased, unbiased = (image.var((0, 2, 3), unbiased=flag) for flag in (False, True))
torch.testing.assert_close(
    out, (image - image.mean((0, 2, 3), keepdim=True)) / biased.sqrt().view(1, 3, 1, 1)
)
torch.testing.assert_close(norm.running_var, unbiased)
torch.testing.assert_close(unbiased / biased, torch.full((3,), 40 / 39))

# %%
# Five clocks
# -----------
#
# The same 300 batches of 32 numbers go through five layers. None is the plain average of all
# batches so far.

MEAN, DEVIATION, SIZE, STEPS = 3.0, 2.0, 32, 300
batches = torch.randn(STEPS, SIZE, 1) * DEVIATION + MEAN
momenta = [0.5, 0.1, 0.03, 0.01, None]


def history(momentum):
    norm = nn.BatchNorm1d(1, momentum=momentum)
    rows = []
    for batch in batches:
        norm(batch)
        rows.append((norm.running_mean.item(), norm.running_var.item()))
    return torch.tensor(rows)


seen = {momentum: history(momentum) for momentum in momenta}
torch.testing.assert_close(seen[None][-1, 0], batches.mean((1, 2)).mean())
torch.testing.assert_close(seen[None][-1, 1], batches.var((1, 2)).mean())

# %%
# Draw them
# ---------
#
# Each starts at mean 0 and variance 1. The large momentum is there at once and never rests; the
# smallest is smooth, and still on its way after 300 batches.

fig, axes = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained")
fig.suptitle("A small momentum is late, a large one trembles")
for ax, column, truth in zip(axes, (0, 1), (MEAN, DEVIATION**2), strict=True):
    for momentum, rows in seen.items():
        label = "None (average)" if momentum is None else f"{momentum}"
        ax.plot(range(1, STEPS + 1), rows[:, column], lw=1.4, label=label)
    ax.axhline(truth, color="0.2", lw=1, ls=":")
    ax.set(xlabel="batches seen", xlim=(0, STEPS))
axes[0].set(title="Running mean", ylabel="value (dotted: the truth)")
axes[0].legend(title="momentum", loc="lower right")
axes[1].set(title="Running variance")
plt.show()

# %%
# How late
# --------
#
# The start has the weight (1 - momentum) to the power of the batches seen, so 99 % of the way
# takes log(0.01) / log(1 - momentum) batches. A constant input shows it without noise.

late = {}
for momentum in momenta[:-1]:
    norm = nn.BatchNorm1d(1, momentum=momentum)
    late[momentum] = 0
    while norm.running_mean.item() < 0.99:
        norm(torch.ones(2, 1))
        late[momentum] += 1
    assert late[momentum] == math.ceil(math.log(0.01) / math.log(1 - momentum))
assert late == {0.5: 7, 0.1: 44, 0.03: 152, 0.01: 459}

# %%
# How much it trembles
# --------------------
#
# Once it has arrived, the running mean is an average of about 2 / momentum - 1 batches: its
# deviation is that of a batch mean times the root of momentum / (2 - momentum).

batches = torch.randn(4000, SIZE, 1) * DEVIATION + MEAN
trembling = {}
for momentum in (0.5, 0.1, 0.03):
    trembling[momentum] = history(momentum)[500:, 0].std().item()
    predicted = DEVIATION / SIZE**0.5 * (momentum / (2 - momentum)) ** 0.5
    assert abs(trembling[momentum] / predicted - 1) < 0.2

# %%
# What was seen
# -------------
#
# Momentum is the weight of the new batch. Ten times smaller is ten times later and three times
# calmer, so a short fine-tuning under 0.01 still evaluates by statistics of the old data.

assert 9 < late[0.01] / late[0.1] < 11
assert seen[0.01][20, 0] < 0.25 * MEAN < 0.75 * MEAN < seen[0.1][20, 0]
