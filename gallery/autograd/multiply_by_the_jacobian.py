"""
Multiply by the Jacobian
========================

``backward(gradient=v)`` gives the row ``v`` times the Jacobian, a table that it never builds.
This script builds it three ways, draws the product, and shows the patterns of six functions.

The reasons are in :doc:`/guide/autograd/backward`. The main calls are
:meth:`torch.Tensor.backward`, :func:`torch.func.jacrev` and :func:`torch.func.jacfwd`.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.func import jacfwd, jacrev, jvp

# %%
# Four numbers in, three out
# --------------------------
#
# The Jacobian has a row for each output and a column for each input. Written by hand, a zero
# stands wherever an output does not read an input.


def f(x):
    a, b, c, d = x
    return torch.stack([a * b, c.sin(), a**2 + d.exp()])


x = torch.tensor([1.0, 2.0, 0.5, 0.0], requires_grad=True)
a, b, c, d = x.detach()
jacobian = torch.tensor([[b, a, 0, 0], [0, 0, c.cos(), 0], [2 * a, 0, 0, d.exp()]])
assert jacobian.shape == (*f(x).shape, *x.shape) == (3, 4)
jacobian

# %%
# One backward, one row
# ---------------------
#
# A ``gradient`` that is 1 at one output and 0 at the others picks out that row of the table.
# Any other ``v`` mixes the rows. Predict the first number: 1 * 2 - 2 * 0 + 0.5 * 2 is 3.


def backward(v):
    x.grad = None  # else the new gradient is added to the old one
    f(x).backward(gradient=v)
    return x.grad


v = torch.tensor([1.0, -2.0, 0.5])
for picked, row in zip(torch.eye(3), jacobian, strict=True):
    torch.testing.assert_close(backward(picked), row)
torch.testing.assert_close(backward(v), v @ jacobian)
assert backward(v)[0] == 1 * 2 - 2 * 0 + 0.5 * 2 == 3

# %%
# Draw the product
# ----------------
#
# The result on the right is what ``backward`` returned. Its columns are the inputs, so it has the
# shape of ``x``, while ``v`` has the shape of the output.


def grid(ax, table, title, rows="", columns=""):
    ax.imshow(table.numpy(), cmap="PuOr_r", vmin=-4, vmax=4)
    for (row, column), number in np.ndenumerate(table.numpy()):
        ax.text(column, row, f"{number:.3g}", ha="center", va="center", fontsize=11)
    ax.set(title=title, frame_on=False)
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)
    ax.tick_params(length=0)


fig, axes = plt.subplots(1, 3, figsize=(7, 3), width_ratios=(3, 4, 4), layout="constrained")
fig.suptitle("backward multiplies the row v by the Jacobian")
grid(axes[0], v[None], "v", columns=["ab", "sin c", "a²+eᵈ"])
grid(axes[1], jacobian, "×   Jacobian", ["ab", "sin c", "a²+eᵈ"], "abcd")
grid(axes[2], backward(v)[None], "=   x.grad", columns="abcd")
plt.show()

# %%
# v belongs to the output
# -----------------------
#
# ``v`` has one number for each row of the table. One shaped like the input is refused.

message = ""
try:
    backward(torch.ones(4))
except RuntimeError as error:
    message = str(error)
assert "grad_output[0] has a shape of torch.Size([4]) and output[0] has a shape of" in message
print(message)

# %%
# The whole table, by rows or by columns
# --------------------------------------
#
# :func:`torch.func.jacrev` makes it from backward passes, a row each, and
# :func:`torch.func.jacfwd` from forward ones, a column each. Both give the table written by hand.

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", ".*torch.jit.script")  # torch's own, at the first use
    by_columns = jacfwd(f)(x.detach())
by_rows = jacrev(f)(x.detach())
torch.testing.assert_close(by_rows, jacobian)
torch.testing.assert_close(by_columns, by_rows)
torch.testing.assert_close(jvp(f, (x.detach(),), (torch.eye(4)[0],))[1], jacobian[:, 0])

# %%
# Six tables nobody builds
# ------------------------
#
# Each pattern is predicted without autograd. ``backward`` gives a random row times the table.

z = torch.randn(8, generator=torch.manual_seed(0))
eye, p = torch.eye(8), z.softmax(0)
patterns = {
    "sin": (torch.sin, z.cos().diag()),
    "cumsum": (lambda z: z.cumsum(0), torch.ones(8, 8).tril()),
    "diff": (torch.diff, eye[1:] - eye[:-1]),
    "sort": (lambda z: z.sort().values, eye[z.argsort()]),
    "minus mean": (lambda z: z - z.mean(), eye - 1 / 8),
    "softmax": (lambda z: z.softmax(0), p.diag() - p.outer(p)),
}
fig, axes = plt.subplots(2, 3, figsize=(7, 4.9), layout="constrained")
fig.suptitle("Jacobians of six functions of eight numbers")
for ax, (name, (function, table)) in zip(axes.flat, patterns.items(), strict=True):
    torch.testing.assert_close(jacrev(function)(z), table)
    v, leaf = torch.randn(len(table)), z.clone().requires_grad_()
    function(leaf).backward(v)
    torch.testing.assert_close(leaf.grad, v @ table)
    limit = table.abs().max().item()
    ax.imshow(table.numpy(), cmap="PuOr_r", vmin=-limit, vmax=limit)
    ax.set(title=name, xlabel="input", ylabel="output", xticks=[], yticks=[])
plt.show()

# %%
# What was seen
# -------------
#
# Backward needs no table, only the way to multiply by it, and most tables are simple. For the sine
# of a million numbers the table would take four terabytes; the product takes a million factors.

many = torch.linspace(0, 1, 10**6, requires_grad=True)
many.sin().backward(torch.full_like(many, 3))
assert many.numel() ** 2 * many.element_size() == 4 * 10**12
torch.testing.assert_close(many.grad, 3 * many.detach().cos())
