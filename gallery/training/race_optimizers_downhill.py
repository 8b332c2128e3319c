"""
Race optimizers downhill
========================

A narrow valley is steep across and flat along. This script sends plain SGD, momentum, Nesterov and
Adam down the same one, checks each against a rule of its own, and then turns the valley.

The rules are in :doc:`/guide/training/sgd` and :doc:`/guide/training/adam`. The main calls are
:class:`torch.optim.SGD`, :class:`torch.optim.Adam` and :func:`torch.linalg.eigvalsh`.
"""

import math

import matplotlib.pyplot as plt
import torch

torch.set_default_dtype(torch.float64)

# %%
# A valley
# --------
#
# Half of w · H · w is a bowl whose curvatures are the eigenvalues of H: here 1 along the valley
# and 50 across. Turning it changes H and not its eigenvalues.


def valley(degrees):
    angle = torch.tensor(math.radians(degrees))
    turn = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()]).view(2, 2)
    return turn @ torch.diag(torch.tensor([1.0, 50.0])) @ turn.T, turn @ torch.tensor([-4.0, 0.5])


for degrees in (0, 30):
    curvatures = torch.linalg.eigvalsh(valley(degrees)[0])
    assert torch.allclose(curvatures, torch.tensor([1.0, 50.0]))

limit = 2 / curvatures.max().item()
limit

# %%
# Four racers
# -----------
#
# All SGD variants get the same lr, two thirds of Nesterov's limit and less than half of SGD's
# own. Adam's lr is a length, so it is chosen by the size of the map.

nesterov_limit = (1 + 0.9) / (1 + 2 * 0.9) * limit
lr = 2 / 3 * nesterov_limit
assert lr < limit / 2
racers = {
    "plain SGD": (torch.optim.SGD, {"lr": lr}),
    "momentum 0.9": (torch.optim.SGD, {"lr": lr, "momentum": 0.9}),
    "Nesterov 0.9": (torch.optim.SGD, {"lr": lr, "momentum": 0.9, "nesterov": True}),
    "Adam": (torch.optim.Adam, {"lr": 0.3}),
}


def run(name, degrees, steps=80):
    (hessian, start), (make, options) = valley(degrees), racers[name]
    w = start.clone().requires_grad_()
    optimizer, path = make([w], **options), [start]
    for _ in range(steps):
        optimizer.zero_grad()
        (w @ hessian @ w / 2).backward()
        optimizer.step()
        path.append(w.detach().clone())
    return torch.stack(path)


# %%
# The same by hand
# ----------------
#
# The gradient of the bowl is H · w. One function holds the four rules, and its paths are PyTorch's.


def by_hand(name, degrees, steps=80):
    hessian, w = valley(degrees)
    first, second, path = torch.zeros(2), torch.zeros(2), [w]
    for t in range(1, steps + 1):
        g = hessian @ w
        if name == "Adam":
            first, second = 0.9 * first + 0.1 * g, 0.999 * second + 0.001 * g * g
            root = (second / (1 - 0.999**t)).sqrt()
            w = w - 0.3 * (first / (1 - 0.9**t)) / (root + 1e-8)
        else:
            first = (0.0 if name == "plain SGD" else 0.9) * first + g
            w = w - lr * (g + 0.9 * first if name == "Nesterov 0.9" else first)
        path.append(w)
    return torch.stack(path)


paths = {(name, degrees): run(name, degrees) for name in racers for degrees in (0, 30)}
for (name, degrees), path in paths.items():
    assert torch.allclose(path, by_hand(name, degrees), rtol=0, atol=1e-9)

# %%
# Draw the race
# -------------
#
# Each point is a step. The upper row has the valley along an axis, the lower row has it turned.

grid = torch.linspace(-5, 3, 200), torch.linspace(-3.2, 2, 200)
x, y = torch.meshgrid(*grid, indexing="xy")
fig, axes = plt.subplots(2, 4, figsize=(11, 4.8), sharex=True, sharey=True, layout="constrained")
fig.suptitle("Eighty steps down one valley, along an axis and turned by 30 degrees")
for row, degrees in zip(axes, (0, 30), strict=True):
    (a, b), (_, c) = valley(degrees)[0].tolist()
    height = (a * x * x + 2 * b * x * y + c * y * y) / 2
    for ax, (name, color) in zip(
        row, zip(racers, ("#0072B2", "#E69F00", "#009E73", "#D55E00"), strict=True), strict=True
    ):
        ax.contour(x, y, height, levels=[0.5, 2, 8, 32, 128], colors="#b0b7be", linewidths=0.8)
        ax.plot(*paths[name, degrees].T, "o-", color=color, markersize=2.5, linewidth=1)
        ax.plot(0, 0, "*", color="black", markersize=9)
        ax.set(aspect="equal", title=name if degrees == 0 else "")
    row[0].set_ylabel("second weight")
for ax in axes[1]:
    ax.set_xlabel("first weight")
plt.show()

# %%
# What was seen
# -------------
#
# SGD and its variants keep their distance from the minimum when the valley is turned: they know
# no axes. Momentum runs past the minimum and plain SGD creeps up to it. Adam's first step is as
# long in both weights; after twenty, the turned valley leaves it more than twice as far away.

distance = {key: path.norm(dim=1) for key, path in paths.items()}
for name in ("plain SGD", "momentum 0.9", "Nesterov 0.9"):
    assert torch.allclose(distance[name, 0], distance[name, 30])
assert paths["momentum 0.9", 0][:, 0].max() > 0.5 and paths["plain SGD", 0][:, 0].max() < 0
first_step = paths["Adam", 0][1] - paths["Adam", 0][0]
assert torch.allclose(first_step.abs(), torch.tensor([0.3, 0.3]))
assert distance["Adam", 30][20] > 2 * distance["Adam", 0][20]
{key: round(values[-1].item(), 3) for key, values in distance.items()}
