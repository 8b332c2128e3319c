"""
Compare initializations by depth
================================

A wrong scale of the weights does little to one layer and ruins thirty. This script sends a signal
through thirty layers and a gradient back, for five ways to initialize, and draws how both grow or
fade on a scale of powers of ten.

The variance argument is in :doc:`/guide/modules/initialization`, the defaults in
:doc:`/guide/modules/default-init`. The main calls are :func:`torch.nn.init.xavier_normal_`,
:func:`torch.nn.init.kaiming_normal_` and :func:`torch.nn.init.orthogonal_`.
"""

import matplotlib.pyplot as plt
import torch
from torch import nn

WIDTH, DEPTH = 256, 30

# %%
# Five schemes
# ------------
#
# The first does nothing: it is what ``nn.Linear`` draws by itself.

schemes = {
    "standard normal": nn.init.normal_,
    "Kaiming": lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"),
    "orthogonal, gain √2": lambda w: nn.init.orthogonal_(w, gain=2**0.5),
    "Xavier": nn.init.xavier_normal_,
    "PyTorch's default": lambda w: w,
}


# %%
# There and back
# --------------
#
# Every layer's output is kept with its gradient. The gradient that starts at the end has size 1.


def sizes(initialize):
    torch.manual_seed(0)
    h = torch.randn(256, WIDTH, requires_grad=True)
    kept = [h]
    for _ in range(DEPTH):
        layer = nn.Linear(WIDTH, WIDTH, bias=False)
        initialize(layer.weight)
        h = torch.relu(layer(h))
        h.retain_grad()
        kept.append(h)
    h.backward(torch.randn_like(h))
    signal = [value.detach().double().std().item() for value in kept]
    gradient = [value.grad.double().std().item() for value in kept]
    return signal, gradient


measured = {name: sizes(initialize) for name, initialize in schemes.items()}

# %%
# Two survive
# -----------
#
# Thirty layers later only Kaiming and the orthogonal matrices with a gain of √2 are within a factor
# of ten of where they began, in both directions.

for name, (signal, gradient) in measured.items():
    kept = all(0.1 < values[-1] / values[0] < 10 for values in (signal, gradient[::-1]))
    assert kept == (name in ("Kaiming", "orthogonal, gain √2")), name
    print(f"{name:20} signal {signal[-1]:.0e}   gradient {gradient[0]:.0e}")

assert measured["PyTorch's default"][0][-1] < 1e-10
assert 1e-6 < measured["Xavier"][0][-1] < 1e-3
assert measured["standard normal"][0][-1] > 1e25

# %%
# Draw both directions
# --------------------
#
# The signal goes from left to right, the gradient from right to left. Straight lines on this scale
# mean that each layer multiplies by the same number.

colors = ["#D55E00", "#0072B2", "#56B4E9", "#E69F00", "#009E73"]
fig, axes = plt.subplots(1, 2, figsize=(7.5, 4.6), sharey=True, layout="constrained")
fig.suptitle("Thirty ReLU layers, five initializations")
for (name, both), color in zip(measured.items(), colors, strict=True):
    for ax, values in zip(axes, both, strict=True):
        ax.semilogy(values, color=color, label=name)
axes[0].set(title="size of the signal", xlabel="layer", ylabel="standard deviation")
axes[1].set(title="size of the gradient", xlabel="layer")
axes[0].legend(loc="upper left", fontsize=8.5)
plt.show()

# %%
# One number per layer explains the slopes
# ----------------------------------------
#
# Each layer multiplies E(x²) by fan_in · Var(w) / 2, the half being ReLU's.


def predicted_factor(variance):
    return (WIDTH * variance / 2) ** 0.5


for name, variance in {
    "Kaiming": 2 / WIDTH,
    "Xavier": 1 / WIDTH,
    "PyTorch's default": 1 / (3 * WIDTH),
    "standard normal": 1.0,
}.items():
    signal = measured[name][0]
    factor = (signal[-1] / signal[1]) ** (1 / (DEPTH - 1))
    assert abs(factor / predicted_factor(variance) - 1) < 0.1, name

# %%
# What was seen
# -------------
#
# The default of ``nn.Linear`` has a third of the variance that a linear layer needs and a sixth of
# what ReLU needs. In a deep network without normalization, choose a scheme.

default = nn.Linear(WIDTH, WIDTH).weight
assert abs(default.var().item() * WIDTH - 1 / 3) < 0.02
