"""
Follow the gradient flow
========================

Five networks of ten layers get the same batch. One is healthy; in the others gradients vanish,
explode, stop at a dead layer, or have no path. The pattern down the layers tells which is which.

The table of patterns is in :doc:`/appendix/debugging/gradient-table`, and what one bad gradient
says in :doc:`/guide/autograd/debugging`. The numbers are taken by
:meth:`torch.Tensor.register_post_accumulate_grad_hook`.
"""

import matplotlib.pyplot as plt
import torch
from torch import nn

depth, width = 10, 64
generator = torch.Generator().manual_seed(0)
batch = torch.randn(256, width, generator=generator)
labels = torch.arange(256) % 4

# %%
# One recipe, five networks
# -------------------------
#
# They differ in the activation, in the scale of the weights, in one bias, and in one ``detach``.


class Detach(nn.Module):
    def forward(self, x):
        return x.detach()


def network(activation, gain):
    torch.manual_seed(0)
    layers = []
    for _ in range(depth):
        linear = nn.Linear(width, width)
        nn.init.normal_(linear.weight, std=gain / width**0.5)
        layers += [linear, activation()]
    return nn.Sequential(*layers, nn.Linear(width, 4))


networks = {
    "healthy: ReLU, gain √2": network(nn.ReLU, 2**0.5),
    "vanishing: sigmoid, gain 1": network(nn.Sigmoid, 1.0),
    "exploding: tanh, gain 4": network(nn.Tanh, 4.0),
    "dead: layer 6 has a bias of -100": network(nn.ReLU, 2**0.5),
    "cut: detach after layer 3": network(nn.ReLU, 2**0.5),
}
healthy, vanishing, exploding, dead, cut = networks
nn.init.constant_(networks[dead][10].bias, -100.0)
networks[cut].insert(6, Detach())

# %%
# Measure while backward runs
# ---------------------------
#
# The hook fires when the gradient of a weight is complete. The number is the norm of the gradient
# over the norm of the weight; a weight without a path never fires its hook.


def flow(model):
    weights = [module.weight for module in model if isinstance(module, nn.Linear)][:depth]
    found, order = {}, []

    def note(weight):
        index = next(i for i, each in enumerate(weights) if each is weight)
        found[index] = (weight.grad.norm() / weight.norm()).item()
        order.append(index)

    handles = [weight.register_post_accumulate_grad_hook(note) for weight in weights]
    nn.functional.cross_entropy(model(batch), labels).backward()
    for handle in handles:
        handle.remove()
    assert order == sorted(order, reverse=True)  # the last layer comes first
    return [found.get(index) for index in range(depth)]


flows = {name: flow(model) for name, model in networks.items()}

# %%
# Draw the flow
# -------------
#
# A logarithmic axis has no zero, so the dead layers stand at its lower end, with a cross.

floor = 1e-10
fig, ax = plt.subplots(figsize=(7.5, 4.6))
for (name, values), marker in zip(flows.items(), "os^DX", strict=True):
    places = [i + 1 for i, value in enumerate(values) if value is not None and value > 0]
    (line,) = ax.plot(places, [values[i - 1] for i in places], marker=marker, label=name)
    zeros = [i + 1 for i, value in enumerate(values) if value == 0]
    ax.plot(zeros, [floor] * len(zeros), "x", color=line.get_color(), markersize=9)
ax.set(yscale="log", xlabel="layer, from the input to the output", ylim=(floor / 3, 30))
ax.set(ylabel="gradient norm over weight norm", title="Five ways for a gradient to arrive")
ax.set_xticks(range(1, depth + 1))
ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
plt.show()

# %%
# Read the patterns
# -----------------
#
# Level is healthy. A steady factor a layer is a gain, not a bad layer. A dead layer silences its
# weights, all before it, and the layer behind it, whose input is 0. A cut leaves None, and behind
# it the line of the healthy network, which it covers.


def factor(name):
    first, last = flows[name][0], flows[name][-1]
    return (last / first) ** (1 / (depth - 1))


assert 0.8 < factor(healthy) < 1.4
assert factor(vanishing) > 3
assert factor(exploding) < 0.8
assert [value == 0 for value in flows[dead]] == [True] * 7 + [False] * 3
assert [value is None for value in flows[cut]] == [True] * 3 + [False] * 7
assert flows[cut][3:] == flows[healthy][3:]
print({name: round(factor(name), 2) for name in (healthy, vanishing, exploding)})

# %%
# What was seen
# -------------
#
# Five patterns, and each points elsewhere: at nothing, at the activation, at the scale, at one
# layer, at one line of the forward pass. No single number of one layer would have told them apart.

middle = [flows[name][4] for name in (healthy, vanishing, exploding)]
assert all(1e-6 < value < 10 for value in middle)
