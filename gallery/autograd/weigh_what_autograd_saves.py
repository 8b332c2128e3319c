"""
Weigh what autograd saves
=========================

An operation keeps for its backward what its derivative is written in: its input, its result, both,
or nothing. This script weighs what eighteen operations keep, and tries for each whether its input
or its result may be overwritten afterwards.

The rules behind it are in :doc:`/guide/autograd/saved-tensors`. The main calls are
:class:`torch.autograd.graph.saved_tensors_hooks` and :meth:`torch.Tensor.untyped_storage`.
"""

import matplotlib.pyplot as plt
import torch

# %%
# Eighteen expressions
# --------------------
#
# ``x`` and ``y`` need a gradient and ``c`` does not; each takes one MiB. To predict what is kept,
# write down the derivative: that of ``exp(x)`` is the result, that of ``x ** 2`` needs ``x``.

groups = {
    "saves nothing": ["x + y", "3 * x", "x.sum()", "x.t()"],
    "saves the result": ["x.exp()", "x.sigmoid()", "x.relu()", "x.softmax(1)"],
    "saves inputs": ["x ** 2", "x.log()", "x.sin()", "x * c", "x * y"],
    "saves input and result": ["2 ** x", "x.cumprod(1)", "x.logsumexp(1)"],
    "saves something new": ["x.masked_fill(x > 0.5, 0)", "x.sort(1).values"],
}
MIB = 2**20


def make():
    x, y, c = torch.rand(3, 256, 1024, generator=torch.manual_seed(0)).unbind()
    return {"x": x.clone().requires_grad_(), "y": y.clone().requires_grad_(), "c": c.clone()}


assert {tensor.untyped_storage().nbytes() for tensor in make().values()} == {MIB}
assert [key for key, tensor in make().items() if tensor.requires_grad] == ["x", "y"]

# %%
# Weigh what is kept
# ------------------
#
# A hook sees each tensor as it is saved. What it sees is counted once for each storage, and the
# storage tells whether it belongs to an input, to the result or to something new.


def weigh(expression):
    names, saved = make(), {}

    def pack(tensor):
        saved[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor.detach()

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = eval(expression, {"torch": torch}, names)
    owners = {t.untyped_storage().data_ptr(): n for n, t in {"result": result, **names}.items()}
    return {owners.get(address, "new"): size for address, size in saved.items()}


kept = {expression: weigh(expression) for group in groups.values() for expression in group}
print({expression: kept[expression] for expression in ("x.exp()", "x ** 2", "3 * x")})

# %%
# Compare with the prediction
# ---------------------------
#
# A factor is needed for the gradient of the other factor, so ``x * c`` keeps ``c`` and not ``x``.
# A result can be small, one number for a row of 1024, and a mask takes one byte a number, not four.

nothing, result, inputs, both, new = groups.values()
assert all(kept[expression] == {} for expression in nothing)
assert all(kept[expression] == {"result": MIB} for expression in result)
assert all(kept[expression] == {"x": MIB} for expression in inputs[:3])
assert kept["x * c"] == {"c": MIB} and kept["x * y"] == {"x": MIB, "y": MIB}
assert all(kept[expression].keys() == {"x", "result"} for expression in both)
assert kept["x.logsumexp(1)"]["result"] == MIB // 1024
assert [kept[expression] for expression in new] == [{"new": MIB // 4}, {"new": 2 * MIB}]

# %%
# Overwrite it and see
# --------------------
#
# Each write to a tensor raises its version, and backward refuses a saved tensor that has another
# version than when it was saved. So 1 is added to ``x`` or to the result, and backward is tried.


def tolerates(expression, target):
    leaves = make()
    names = {key: tensor.clone() for key, tensor in leaves.items()}  # a leaf may not be written to
    names["result"] = eval(expression, {}, names)
    expected = torch.autograd.grad(names["result"].sum(), leaves["x"], retain_graph=True)
    names[target].add_(1)
    try:
        gradient = torch.autograd.grad(names["result"].sum(), leaves["x"])
    except RuntimeError as error:
        assert "is at version 1; expected version 0" in str(error)
        return False
    assert torch.equal(gradient[0], expected[0])
    return True


fine = {(e, target): tolerates(e, target) for e in kept for target in ("x", "result")}
assert all(fine[e, target] == (target not in kept[e]) for e, target in fine)

# %%
# Draw both answers
# -----------------
#
# A bar is what is kept. A cross is a backward that refused after a write, a dot one that ran.

colors = {"x": "#0072B2", "y": "#56B4E9", "c": "#56B4E9", "result": "#E69F00", "new": "#CC79A7"}
fig, axes = plt.subplots(
    1, 2, figsize=(7, 5.2), width_ratios=(4, 1), sharey=True, layout="constrained"
)
fig.suptitle("What eighteen operations save for backward")
y, places = 0.0, {}
for title, expressions in groups.items():
    axes[0].text(0, y, title, va="center", fontsize=10, weight="bold")
    for expression in expressions:
        y += 1
        places[expression], left = y, 0
        for name in sorted(kept[expression], key=list(colors).index):
            size = kept[expression][name] / MIB
            axes[0].barh(y, size, left=left, color=colors[name], height=0.8)
            if size > 0.2:
                ink = "white" if name == "x" else "black"
                axes[0].text(left + 0.02, y, name, color=ink, va="center", fontsize=9)
            left += size
        for x, target in enumerate(("x", "result")):
            look = ("o", "#999999") if fine[expression, target] else ("X", "#D55E00")
            axes[1].scatter(x, y, marker=look[0], color=look[1], s=36)
    y += 1.3
axes[0].set_yticks(list(places.values()), places, family="monospace", fontsize=9)
axes[0].set(xlim=(0, 2.1), ylim=(y - 0.7, -0.7), xlabel="MiB saved, where x takes 1")
axes[1].set(xticks=[0, 1], xticklabels=["x", "result"], xlim=(-0.6, 1.6), xlabel="write to ...")
axes[1].tick_params(left=False)
plt.show()

# %%
# What was seen
# -------------
#
# What backward needs is kept, and only what is kept must stay as it is. A chain of operations adds
# up: ``x * sigmoid(x)`` keeps two tensors, and ``silu``, the same function in one, keeps ``x``.

assert sum(weigh("x * x.sigmoid()").values()) == 2 * MIB
assert weigh("torch.nn.functional.silu(x)") == {"x": MIB}
