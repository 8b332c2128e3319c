"""
Weigh a training step
=====================

A step of training holds parameters, gradients, what the optimizer remembers, and activations.
This script weighs the four for three optimizers and for growing batches, then cuts a network into
segments, checkpoints them, and finds the number of segments that keeps the least.

The rules are in :doc:`/appendix/memory/budget` and :doc:`/appendix/memory/checkpointing`; what is
saved, and why, in :doc:`/guide/autograd/saved-tensors`. The main call is
:func:`torch.utils.checkpoint.checkpoint_sequential`.
"""

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.checkpoint import checkpoint_sequential

MIB = 2**20

# %%
# Weigh storages
# --------------
#
# Two tensors may share one storage, so it is storages that are counted, each once.


def weigh(tensors, ignored=()):
    storages = {tensor.untyped_storage() for tensor in tensors}
    storages -= {tensor.untyped_storage() for tensor in ignored}
    return sum(storage.nbytes() for storage in storages) / MIB


def saved(function, inputs, ignored):
    tensors = []
    with saved_tensors_hooks(lambda t: tensors.append(t.detach()) or t.detach(), lambda t: t):
        function(inputs)
    return weigh(tensors, ignored)


# %%
# One step, four shares
# ---------------------
#
# Eight blocks of two linear layers, 12 MiB of weights. Biases are left out to keep numbers round.


def build():
    torch.manual_seed(0)
    linear = [(nn.Linear(512, 384, bias=False), nn.Linear(384, 512, bias=False)) for _ in range(8)]
    return nn.Sequential(*[nn.Sequential(down, nn.GELU(), up) for down, up in linear])


def shares(make, rows):
    model, inputs = build(), torch.ones(rows, 512)
    parameters = list(model.parameters())
    optimizer = make(parameters)
    activations = saved(model, inputs, parameters)
    model(inputs).sum().backward()
    optimizer.step()
    state = [each for entry in optimizer.state.values() for each in entry.values()]
    gradients = [parameter.grad for parameter in parameters]
    averages = [each for each in state if torch.is_tensor(each) and each.dim()]
    return weigh(parameters), weigh(gradients), weigh(averages), activations


cases = {
    "SGD\n256 rows": (torch.optim.SGD, 256),
    "SGD, momentum\n256 rows": (lambda p: torch.optim.SGD(p, momentum=0.9), 256),
    "AdamW\n256 rows": (torch.optim.AdamW, 256),
    "AdamW\n512 rows": (torch.optim.AdamW, 512),
    "AdamW\n1024 rows": (torch.optim.AdamW, 1024),
}
weights = {name: shares(*case) for name, case in cases.items()}
ratios = {name: [share / row[0] for share in row[:3]] for name, row in weights.items()}
assert ratios["SGD\n256 rows"] == [1, 1, 0]
assert ratios["SGD, momentum\n256 rows"] == [1, 1, 1]
assert ratios["AdamW\n256 rows"] == ratios["AdamW\n1024 rows"] == [1, 1, 2]
assert [weights[f"AdamW\n{rows} rows"][3] for rows in (256, 512, 1024)] == [10, 20, 40]

# %%
# Cut it into segments
# --------------------
#
# A checkpointed segment keeps its input and is run again in the backward. The last segment is not
# checkpointed, so one segment saves nothing; and many segments keep many inputs.

model, inputs = build(), torch.ones(256, 512)
counts = [1, 2, 4, 8]


def in_segments(count):
    return lambda x: checkpoint_sequential(model, count, x, use_reentrant=False)


kept = [saved(in_segments(count), inputs, model.parameters()) for count in counts]
assert kept == [10, 5.5, 4, 4.75]
assert counts[kept.index(min(kept))] == 4
assert kept[0] == saved(model, inputs, model.parameters())

borders = [(count - 1) * inputs.nbytes / MIB for count in counts]
inside = [10 / count for count in counts]
assert kept == [border + rest for border, rest in zip(borders, inside, strict=True)]

# %%
# Draw both
# ---------
#
# Left, what there is at most of each share; right, what the forward pass keeps of the activations.

names = ["parameters", "gradients", "optimizer state", "activations"]
colors = ["#0072B2", "#56B4E9", "#009E73", "#E69F00"]
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
bottom = [0.0] * len(cases)
for index, name in enumerate(names):
    heights = [row[index] for row in weights.values()]
    left.bar(range(len(cases)), heights, bottom=bottom, color=colors[index], label=name)
    bottom = [low + height for low, height in zip(bottom, heights, strict=True)]
left.set_xticks(range(len(cases)), list(cases), fontsize=8)
left.set(title="The shares of a training step", ylabel="size (MiB)")
left.legend(loc="upper left")
right.plot(counts, kept, "o-", color="#E69F00", label="kept by the forward pass")
right.plot(counts, inside, "--", color="#D55E00", label="the last segment, in full")
right.plot(counts, borders, ":", color="#0072B2", label="inputs of the other segments")
right.set(title="Checkpointing in segments", xlabel="number of segments", ylabel="size (MiB)")
right.set(ylim=(0, 10.5), xticks=counts)
right.legend()
plt.show()

# %%
# The gradients are the same
# --------------------------
#
# Memory is paid for with a second forward pass, not with precision.

gradients = []
for function in (model, in_segments(4)):
    model.zero_grad()
    function(inputs).square().mean().backward()
    gradients.append(torch.cat([each.grad.flatten() for each in model.parameters()]))
assert torch.equal(*gradients)

# %%
# What was seen
# -------------
#
# 1 : 1 : 2 with AdamW, whatever the batch; activations grow with it. Checkpointing keeps least at
# four segments, where the falling share of a segment meets the rising number of inputs.
