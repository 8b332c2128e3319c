"""
Stretch a row without copying it
================================

Adding a column to a row gives a full table: both are stretched to a shape that neither had.
The picture draws which numbers exist in memory and which are only read again, and the
stretched tensors turn out to take no new memory.

The rules behind it are in :doc:`/guide/tensors/broadcasting`. The main calls are
:func:`torch.broadcast_shapes`, :func:`torch.broadcast_tensors` and :meth:`torch.Tensor.expand`.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch

# %%
# Predict the shape
# -----------------
#
# Write the shapes one under the other, aligned at the right: ``3 1`` over ``4``. Axes that are
# missing on the left count as size 1, and a size 1 takes the size of the other: ``3 4``.

column = torch.tensor([[0], [10], [20]])
row = torch.tensor([1, 2, 3, 4])
total = column + row

assert total.shape == torch.broadcast_shapes((3, 1), (4,)) == (3, 4)
assert torch.equal(total, column.repeat(1, 4) + row.repeat(3, 1))
print(total)

# %%
# The stretched axis has stride 0
# -------------------------------
#
# :func:`torch.broadcast_tensors` returns the operands already stretched. To go one step along a
# stretched axis is to move zero places in memory, so the same number is read again.

tall, wide = torch.broadcast_tensors(column, row)

assert tall.shape == wide.shape == total.shape
assert tall.stride() == (1, 0)
assert wide.stride() == (0, 1)
tall.stride(), wide.stride()

# %%
# No number was copied
# --------------------
#
# The stretched tensors use the storage of the originals, 3 and 4 numbers long.
# A write to the row therefore shows in every stretched row. The sum is new memory.


def same_storage(a, b):
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


assert same_storage(tall, column) and tall.untyped_storage().nbytes() == 3 * column.element_size()
assert same_storage(wide, row) and wide.untyped_storage().nbytes() == 4 * row.element_size()
assert not same_storage(total, column) and not same_storage(total, row)
assert total.untyped_storage().nbytes() == 12 * total.element_size()

row[0] = 7
assert wide[:, 0].tolist() == [7, 7, 7]
row[0] = 1

# %%
# Draw what is stored and what is read again
# ------------------------------------------
#
# A full-colored cell is the first one to be read from its address. A pale cell reads an address
# that another cell has read already.


def draw(ax, tensor, color, title, sign):
    first_reads = set()
    for row_index, column_index in np.ndindex(*tensor.shape):
        cell = tensor[row_index, column_index]
        stored = cell.data_ptr() not in first_reads
        first_reads.add(cell.data_ptr())
        corner = (column_index - 0.45, row_index - 0.45)
        look = dict(facecolor=color, alpha=1 if stored else 0.15, edgecolor="none")
        ax.add_patch(plt.Rectangle(corner, 0.9, 0.9, **look))
        ink = "white" if stored else "#444444"
        look = dict(color=ink, fontsize=13, weight="bold" if stored else "normal")
        ax.text(column_index, row_index, cell.item(), ha="center", va="center", **look)
    assert len(first_reads) * tensor.element_size() == tensor.untyped_storage().nbytes()
    ax.set_title(title, fontsize=11)
    ax.set_xlabel(f"strides {tensor.stride()}\n{len(first_reads)} numbers in memory", fontsize=10)
    ax.set(xlim=(-0.9, 3.9), ylim=(2.5, -0.5), xticks=[], yticks=[], aspect="equal")
    ax.text(3.9, 1, sign, fontsize=18, ha="center", va="center")
    ax.set_frame_on(False)


fig, axes = plt.subplots(1, 3, figsize=(7, 2.9), layout="constrained")
fig.suptitle("A column plus a row: stretched, not copied")
draw(axes[0], tall, "#0072B2", "column, stretched\nto the right", "+")
draw(axes[1], wide, "#D55E00", "row, stretched\ndown", "=")
draw(axes[2], total, "#555555", "sum\n", "")
plt.show()

# %%
# As large as you like
# --------------------
#
# If stretching takes no memory, then a million by a million table made from one number still
# takes the bytes of one number. A copy of it would take four terabytes.

one = torch.ones(1)
huge = one.expand(1_000_000, 1_000_000)

assert huge.untyped_storage().nbytes() == one.element_size() == 4
assert huge.numel() * huge.element_size() == 4 * 10**12
huge.shape, huge.untyped_storage().nbytes()

# %%
# Only size 1 stretches
# ---------------------
#
# Aligned at the right, ``3 4`` over ``3`` compares 4 with 3, and neither is 1. That the other axis
# would fit does not matter: a new axis comes on the left, never on the right.

message = ""
try:
    total + torch.zeros(3)
except RuntimeError as error:
    message = str(error)

assert "tensor a (4) must match the size of tensor b (3)" in message
assert (total + torch.zeros(3, 1)).shape == (3, 4)
print(message)

# %%
# What was seen
# -------------
#
# A broadcast is a walk with stride 0 along each axis that is missing or has size 1 where the other
# tensor is longer. To predict one, align the shapes at the right and mark those axes.

left, right = torch.broadcast_tensors(torch.zeros(5, 1, 2), torch.zeros(3, 1))
assert left.shape == right.shape == (5, 3, 2)
assert [stride == 0 for stride in left.stride()] == [False, True, False]
assert [stride == 0 for stride in right.stride()] == [True, False, True]
