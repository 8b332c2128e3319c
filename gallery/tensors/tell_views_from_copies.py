"""
Tell views from copies
======================

Which operations return a view, which return a copy, and for which does it depend
on the tensor? The matrix asks twenty of them the same three questions, and every
answer about sharing is checked by writing to the source.

The rules behind the matrix are in :doc:`/guide/tensors/views-and-copies`. The main calls are
:meth:`torch.Tensor.untyped_storage`, :meth:`torch.Tensor.data_ptr` and
:meth:`torch.Tensor.is_contiguous`.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch

# %%
# Twenty expressions
# ------------------
#
# Each one starts from ``x``, which :func:`torch.arange` fills with 0 to 11. In the last four groups
# one method is called on ``x`` and on its transpose, or with two arguments.

views = ["x[1:]", "x[:, 1]", "x.view(4, 3)", "x.t()", "x.expand(2, 3, 4)"]
copies = ["x.clone()", "x[[0, 1]]", "x[x > 5]", "x + 0", "x.flip(0)", "x.repeat(1, 1)"]
either = {
    "reshape": ["x.reshape(12)", "x.t().reshape(4, 3, 1)", "x.t().reshape(12)"],
    "flatten": ["x.flatten()", "x.t().flatten()"],
    "contiguous": ["x.contiguous()", "x.t().contiguous()"],
    "to": ["x.to(torch.int64)", "x.to(torch.float32)"],
}
groups = [views, copies, *either.values()]

# %%
# Three questions
# ---------------
#
# Does the result live in the storage of ``x``? Does it start at the same address? Is it contiguous?
# Then ``x`` is changed, and the result must follow if and only if it shares. The strings are
# evaluated, so the label in the picture is the code that ran.


def ask(expression):
    x = torch.arange(12).view(3, 4)
    result = eval(expression, {"x": x, "torch": torch})
    shares = result.untyped_storage().data_ptr() == x.untyped_storage().data_ptr()
    same_start = result.data_ptr() == x.data_ptr()

    before = result.clone()
    x += 100
    assert shares == (not torch.equal(result, before))
    return shares, same_start, result.is_contiguous()


answers = {expression: ask(expression) for group in groups for expression in group}
shares = {expression: answer[0] for expression, answer in answers.items()}
assert len(answers) == 20
assert all(shares[expression] for expression in views)
assert not any(shares[expression] for expression in copies)
for group in either.values():
    assert {shares[expression] for expression in group} == {True, False}

# %%
# Draw the matrix
# ---------------
#
# Blue is yes. The outlined answers are those where the start address differs although the storage
# is shared.


def draw(ax, title, groups):
    y, label_places = 0, []
    for group in groups:
        for expression in group:
            label_places.append((y, expression))
            for x, yes in enumerate(answers[expression]):
                missed = x == 1 and shares[expression] and not yes
                face, ink, word = ("#0072B2", "w", "yes") if yes else ("#ECECEC", "k", "no")
                look = dict(facecolor=face, edgecolor="#D55E00" if missed else face, linewidth=3)
                ax.add_patch(plt.Rectangle((x - 0.42, y - 0.36), 0.84, 0.72, **look))
                ax.text(x, y, word, ha="center", va="center", color=ink, fontsize=9)
            y += 1
        y += 0.4
    ax.set_yticks(*zip(*label_places, strict=True), family="monospace", fontsize=9)
    ax.set_xticks(range(3), ["shares\nstorage", "same\ndata_ptr", "contig-\nuous"], fontsize=9)
    ax.set(xlim=(-0.5, 2.5), ylim=(11, -0.5), frame_on=False)
    ax.set_title(title, fontsize=11, loc="right")
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.grid(False)


fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 4.8), layout="constrained")
fig.suptitle("View or copy? Three questions to twenty expressions")
draw(left, "views, then copies", groups[:2])
draw(right, "same method, both answers", groups[2:])
plt.show()

# %%
# The start address misses a view
# -------------------------------
#
# :meth:`torch.Tensor.data_ptr` is the address of the first element, and ``x[1:]`` starts one row
# later. It differs by the storage offset and the memory is still the same.

missed = [key for key, (shared, same_start, _) in answers.items() if shared and not same_start]
assert missed == ["x[1:]", "x[:, 1]"]
x = torch.arange(12).view(3, 4)
tail = x[1:]
assert tail.data_ptr() - x.data_ptr() == tail.storage_offset() * x.element_size() == 4 * 8
print(missed)

# %%
# Contiguous is another question
# ------------------------------
#
# A view can be contiguous or not. Nor must :meth:`torch.Tensor.reshape` copy what is not: one
# transpose gives a view for one shape, which adds only a third stride, and a copy for another.

assert {answers[expression][2] for expression in views} == {True, False}
assert not x.t().is_contiguous()
assert shares["x.t().reshape(4, 3, 1)"] and not shares["x.t().reshape(12)"]
assert x.t().reshape(4, 3, 1).stride()[:2] == x.t().stride()

# %%
# Where the storage test ends
# ---------------------------
#
# It compares storages, and two storages can cover the same bytes: :func:`torch.from_numpy` makes
# one for each array it is given, starting where that array starts. Here a write tells.

array = np.zeros(4)
whole, rest = torch.from_numpy(array), torch.from_numpy(array[1:])
assert whole.untyped_storage().data_ptr() != rest.untyped_storage().data_ptr()
rest[0] = 9
assert whole.tolist() == [0, 9, 0, 0]

# %%
# What was seen
# -------------
#
# What new strides over the old numbers can describe may be a view; other numbers, or an order that
# no strides describe, need a copy. ``contiguous`` and ``to`` return the tensor itself when there is
# nothing to change, so ask for a copy where you rely on one.

assert x.contiguous() is x and x.to(torch.int64) is x
copied = x.to(torch.int64, copy=True)
assert copied.untyped_storage().data_ptr() != x.untyped_storage().data_ptr()
assert x.t().reshape(12).diff().unique().numel() > 1
