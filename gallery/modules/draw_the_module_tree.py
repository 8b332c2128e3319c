"""
Draw the module tree
====================

A module knows the submodules and parameters that were assigned to it, and so a model is a tree that
can be walked. This script draws one, and then the same layers kept in a plain list, which the tree
doesn't see.

Registration is explained in :doc:`/guide/modules/registration`. The main calls are
:meth:`torch.nn.Module.named_children` and :meth:`torch.nn.Module.named_parameters`.
"""

import matplotlib.pyplot as plt
import torch
from torch import nn

# %%
# One network, two ways to keep its layers
# ----------------------------------------
#
# The two networks have the same weights and compute the same. They differ in one word.


class Net(nn.Module):
    def __init__(self, keep):
        super().__init__()
        self.embed = nn.Embedding(20, 8)
        self.blocks = keep([nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 8)) for _ in range(2)])
        self.head = nn.Linear(8, 3)

    def forward(self, tokens):
        x = self.embed(tokens)
        for block in self.blocks:
            x = x + block(x)
        return self.head(x.mean(dim=1))


torch.manual_seed(0)
listed = Net(list)
torch.manual_seed(0)
registered = Net(nn.ModuleList)

tokens = torch.arange(10).view(2, 5)
assert torch.equal(listed(tokens), registered(tokens))


# %%
# Walk the tree
# -------------
#
# Depth first: a module, then its children in the order of assignment. Each row notes where its
# parent stands.


def walk(module, name="model", depth=0, parent=None, rows=None):
    rows = [] if rows is None else rows
    own = sum(p.numel() for p in module.parameters(recurse=False))
    rows.append((depth, parent, name, type(module).__name__, own))
    place = len(rows) - 1
    for child_name, child in module.named_children():
        walk(child, child_name, depth + 1, place, rows)
    return rows


rows = {"ModuleList": walk(registered), "list": walk(listed)}
assert [row[2] for row in rows["list"]] == ["model", "embed", "head"]
assert len(rows["ModuleList"]) == len(list(registered.modules())) == 10

# %%
# Draw both
# ---------
#
# The number is how many parameter elements a module owns. On the right the blocks are missing.

fig, axes = plt.subplots(1, 2, figsize=(7.5, 4.4), sharey=True, layout="constrained")
fig.suptitle("The tree that optimizers, files and devices see")
for ax, (kind, tree) in zip(axes, rows.items(), strict=True):
    for place, (depth, parent, name, cls, own) in enumerate(tree):
        if parent is not None:
            top = tree[parent][0]
            ax.plot(
                [top, top, depth - 0.12], [parent, place, place], color="#8c959f", lw=1.2, zorder=1
            )
        ax.plot(depth, place, "o", color="#0072B2" if own else "white", mec="#1b1f24", ms=9)
        ax.text(depth + 0.22, place, f"{name}: {cls}", va="center", fontsize=9)
        ax.text(5.2, place, str(own) if own else "", va="center", ha="right", fontsize=9)
    ax.set(title=f"layers in a {kind}", xlim=(-0.3, 5.3))
    ax.axis("off")
axes[0].invert_yaxis()
plt.show()

# %%
# What the list costs
# -------------------
#
# Two blocks of a LayerNorm (16) and a Linear (72) are gone from the count, and from everything else
# that asks the tree.


def count(model):
    return sum(parameter.numel() for parameter in model.parameters())


assert count(registered) - count(listed) == 2 * (16 + 72)
assert not [name for name in listed.state_dict() if name.startswith("blocks")]
listed.eval()
assert listed.blocks[0].training and not registered.eval().blocks[0].training

# %%
# It still computes, and still gets gradients
# -------------------------------------------
#
# That is why nothing is noticed: the hidden blocks receive gradients that no optimizer uses.

listed(tokens).sum().backward()
assert listed.blocks[0][1].weight.grad is not None
optimizer = torch.optim.SGD(listed.parameters(), lr=0.1)
before = listed.blocks[0][1].weight.clone()
optimizer.step()
assert torch.equal(listed.blocks[0][1].weight, before)

# %%
# What was seen
# -------------
#
# What is not in the tree is missed by all who ask the tree. Print the tree of a new model once, and
# count its parameters.

assert [name for name, _ in registered.blocks[0].named_parameters()] == [
    "0.weight",
    "0.bias",
    "1.weight",
    "1.bias",
]
