"""
Work a case with five faults
============================

A training run looks plausible and scores no better than chance. Five faults are in it, none of
which raises. They are found one by one, by questions with one right answer, and mended; the curves
at the end show what each was worth.

The questions are those of :doc:`/appendix/debugging/sanity-ladder` and of
:doc:`/appendix/debugging/silent-failures`; what each fault is about stands in
:doc:`/guide/training/silent-mistakes`.
"""

import math

import matplotlib.pyplot as plt
import torch
from torch import nn

torch.manual_seed(0)
labels = torch.arange(600) % 3
centers = torch.tensor([[2.0, 0.0, 0.0, 0.0], [0.0, 2.0, 0.0, 0.0], [0.0, 0.0, 2.0, 0.0]])
points = centers[labels] + torch.randn(600, 4)
train, valid = slice(0, 400), slice(400, 600)

# %%
# The case
# --------
#
# A switch for each fault, so that it can be mended and the run repeated.

ALL = ("scale", "list", "softmax", "optimizer", "dropout")


class Net(nn.Module):
    def __init__(self, faults):
        super().__init__()
        hidden = [nn.Linear(4, 16), nn.Linear(16, 16)]
        self.hidden = hidden if "list" in faults else nn.ModuleList(hidden)
        self.head = nn.Linear(16, 3)
        self.faults = faults

    def forward(self, x):
        x = x * 1000 if "scale" in self.faults else x
        for layer in self.hidden:
            x = layer(x).relu()
        on = True if "dropout" in self.faults else self.training
        x = self.head(nn.functional.dropout(x, 0.5, training=on))
        return x.softmax(1) if "softmax" in self.faults else x


def start(faults):
    torch.manual_seed(1)
    model = Net(faults)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    if "optimizer" in faults:
        model.head = nn.Linear(16, 3)  # replaced after the optimizer was made
    return model, optimizer


# %%
# Rung by rung
# ------------
#
# Each question is asked of the run as it is, and answered by a number.


def first_loss(model):
    logits = model.eval()(points[train])
    return nn.functional.cross_entropy(logits, labels[train]).item()


def not_stepped(model, optimizer):
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    return [name for name, p in model.named_parameters() if id(p) not in held]


faults = list(ALL)
model, optimizer = start(faults)
assert torch.allclose(
    model(points).sum(1), torch.ones(600)
)  # probabilities go into a loss that wants logits
faults.remove("softmax")

model, optimizer = start(faults)
assert first_loss(model) > 10 * math.log(3)  # undecided would be ln 3: the inputs are too large
faults.remove("scale")

model, optimizer = start(faults)
assert abs(first_loss(model) - math.log(3)) < 0.3
assert not set(model.hidden) & set(model.modules())  # two layers in a plain list
faults.remove("list")

model, optimizer = start(faults)
assert not_stepped(model, optimizer) == ["head.weight", "head.bias"]
faults.remove("optimizer")

model, optimizer = start(faults)
model.eval()
assert not torch.equal(model(points), model(points))  # dropout in eval mode
faults.remove("dropout")
assert faults == []

# %%
# What each was worth
# -------------------
#
# The same run with one fault less each time, in the order in which they were found.


def accuracies(faults, epochs=30):
    model, optimizer = start(faults)
    curve = []
    for _ in range(epochs):
        model.train()
        for batch in torch.randperm(400).split(50):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(points[batch]), labels[batch]).backward()
            optimizer.step()
        with torch.no_grad():
            guesses = model.eval()(points[valid]).argmax(1)
        curve.append((guesses == labels[valid]).float().mean().item())
    return curve


order = ["softmax", "scale", "list", "optimizer", "dropout"]
runs = {"all five": accuracies(ALL)}
for number, found in enumerate(order, start=1):
    runs[f"without {found}"] = accuracies([fault for fault in ALL if fault not in order[:number]])

figure, axes = plt.subplots(figsize=(7, 4.2))
for number, (name, curve) in enumerate(runs.items()):
    axes.plot(curve, label=name, linewidth=1 + 0.3 * number)
axes.axhline(1 / 3, color="0.6", linestyle=":")
axes.set(xlabel="epoch", ylabel="validation accuracy", title="One fault less at a time")
axes.legend(fontsize=8)
plt.show()

# %%
# What was seen
# -------------
#
# The healthy run ends well above the faulty one, and no single number of the faulty run had said
# which of five things was wrong: the questions did.

best = [max(curve[-5:]) for curve in runs.values()]
assert best[-1] > 0.85
assert best[-1] > best[0] + 0.1
[f"{value:.2f}" for value in best]
