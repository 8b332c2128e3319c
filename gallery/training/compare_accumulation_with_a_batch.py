"""
Compare accumulation with a batch
=================================

Gradients of parts add up to the gradient of the whole batch, unless a layer looks across examples
or the parts don't weigh the same. This script measures the difference for four networks and two
losses, on a scale of powers of ten.

The exceptions are explained in :doc:`/guide/training/accumulation`. The main calls are
:meth:`torch.Tensor.backward`, :class:`torch.nn.GroupNorm` and
:func:`torch.nn.functional.cross_entropy`.
"""

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

torch.manual_seed(0)
inputs, targets = torch.randn(64, 16), torch.randn(64, 1)

# %%
# Whole or in parts
# -----------------
#
# Each part's loss is a mean over the part, divided by the number of parts.


def gradient(model, parts, dtype):
    model = model.to(dtype).train()
    model.zero_grad()
    for x, y in zip(inputs.to(dtype).chunk(parts), targets.to(dtype).chunk(parts), strict=True):
        (F.mse_loss(model(x), y) / parts).backward()
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters()])


def relative_error(norm, dtype=torch.float32):
    model = nn.Sequential(nn.Linear(16, 32), norm, nn.Tanh(), nn.Linear(32, 1))
    whole = gradient(model, 1, dtype)
    return ((gradient(model, 8, dtype) - whole).norm() / whole.norm()).item()


# %%
# Layers
# ------
#
# Layers that treat each example alone differ by rounding only, in both precisions. Batch norm in
# train mode takes its statistics from the part, and no division repairs that.

errors = {
    "no norm, float64": relative_error(nn.Identity(), torch.float64),
    "no norm": relative_error(nn.Identity()),
    "LayerNorm": relative_error(nn.LayerNorm(32)),
    "GroupNorm": relative_error(nn.GroupNorm(4, 32)),
    "BatchNorm": relative_error(nn.BatchNorm1d(32)),
}
assert errors["no norm, float64"] < 1e-14
assert max(errors[name] for name in ("no norm", "LayerNorm", "GroupNorm")) < 1e-5
assert errors["BatchNorm"] > 0.05

# %%
# Parts that don't weigh the same
# -------------------------------
#
# Eight texts of lengths 1 to 8, padded. A mean in each part gives every text the same weight; the
# mean over all tokens gives every token the same weight.

logits = torch.randn(64, 10, dtype=torch.float64, requires_grad=True)
labels = torch.randint(10, (64,))
for text in range(8):
    labels[8 * text + text + 1 : 8 * (text + 1)] = -100
tokens = int((labels != -100).sum())
assert tokens == sum(range(1, 9))


def token_error(combine):
    (whole,) = torch.autograd.grad(F.cross_entropy(logits, labels), logits)
    loss = combine(list(zip(logits.chunk(8), labels.chunk(8), strict=True)))
    (parts,) = torch.autograd.grad(loss, logits)
    return ((parts - whole).norm() / whole.norm()).item()


errors["texts of other lengths,\nmean of means"] = token_error(
    lambda parts: sum(F.cross_entropy(*part) / 8 for part in parts)
)
errors["texts of other lengths,\nsum over the count"] = token_error(
    lambda parts: sum(F.cross_entropy(*part, reduction="sum") for part in parts) / tokens
)
assert errors["texts of other lengths,\nmean of means"] > 0.3
assert errors["texts of other lengths,\nsum over the count"] < 1e-14

# %%
# Draw the errors
# ---------------
#
# Blue is rounding; orange is another function.

fig, ax = plt.subplots(figsize=(7.5, 4.2), layout="constrained")
fig.suptitle("How far eight parts are from one batch")
floor = 1e-18
for place, error in enumerate(errors.values()):
    color = "#D55E00" if error > 1e-3 else "#0072B2"
    ax.barh(place, max(error, 2 * floor), left=floor, color=color)
    ax.text(max(error, 2 * floor) * 2, place, f"{error:.0e}", va="center", color=color)
ax.set(xscale="log", xlim=(floor, 1e3), xlabel="relative difference of the gradient")
ax.set_yticks(range(len(errors)), errors, fontsize=9)
ax.invert_yaxis()
plt.show()

# %%
# What was seen
# -------------
#
# A correct accumulation is off by rounding. More than that has a cause: a layer that looks at the
# batch, or a mean that divides by another number in each part.

assert sum(error > 1e-3 for error in errors.values()) == 2
