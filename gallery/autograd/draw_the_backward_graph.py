"""
Draw the backward graph
=======================

A forward call leaves behind a graph of backward functions. This script walks it from the result
to the parameters, draws it, and shows that another branch of the same code leaves another graph.

How the graph is made is in :doc:`/guide/autograd/graph`. The main calls are
:attr:`torch.autograd.graph.Node.next_functions` and :meth:`torch.Tensor.backward`.
"""

from collections import Counter

import matplotlib.pyplot as plt
import torch

# %%
# A call with a branch
# --------------------
#
# ``h`` is computed once and read twice. Which line reads it depends on its value. The result has a
# ``grad_fn``, a node that knows the way back; the parameters have none.

w, b = (torch.tensor(number, requires_grad=True) for number in (0.8, 0.1))


def call(x):
    h = w * x + b
    return h.exp() + h.sin() if h > 0 else w * h**2


upper = call(torch.tensor(1.0))
assert upper.grad_fn is not None and w.grad_fn is None and b.grad_fn is None

# %%
# Walk it
# -------
#
# The ``next_functions`` of a node are the nodes of its inputs, in the order of the arguments.
# A number or tensor that needs no gradient has ``None`` there.


def walk(node, nodes, edges):
    nodes.append(node)
    for place, (child, _) in enumerate(node.next_functions):
        edges.append((node, child or f"None {place} of {id(node)}"))
        if child is not None and child not in nodes:
            walk(child, nodes, edges)
    return nodes, edges


nodes, edges = walk(upper.grad_fn, [], [])
names = Counter(type(node).__name__ for node in nodes)
print(names)

# %%
# Predict the nodes
# -----------------
#
# One for each operation on the branch taken, one for each parameter, and none for the ``if``.
# A parameter's node is an ``AccumulateGrad`` whose ``variable`` is the parameter itself.

counts = dict(MulBackward0=1, AddBackward0=2, ExpBackward0=1, SinBackward0=1)
assert names == counts | dict(AccumulateGrad=2)
leaves = {node for node in nodes if node.next_functions == ()}
assert {id(node.variable) for node in leaves} == {id(w), id(b)}
(multiply,) = (node for node in nodes if type(node).__name__ == "MulBackward0")
assert multiply.next_functions[0][0].variable is w
assert multiply.next_functions[1] == (None, 0)  # the second argument was x, which is data

# %%
# Draw it
# -------
#
# The column of a node is its longest distance from the result, except that all ends stand in the
# last column. The gradient runs along the arrows.


def layout(edges):
    depth = dict.fromkeys([edges[0][0], *(end for _, end in edges)], 0)
    for start, end in edges * len(edges):
        depth[end] = max(depth[end], depth[start] + 1)
    starts, last = {start for start, _ in edges}, max(depth.values())
    column = {item: depth[item] if item in starts else last for item in depth}
    columns = [[item for item in depth if column[item] == i] for i in range(last + 1)]
    return {x: (i, j - (len(c) - 1) / 2) for i, c in enumerate(columns) for j, x in enumerate(c)}


def draw(title, edges):
    _, ax = plt.subplots(figsize=(7, 3.9), layout="constrained")
    place, boxes = layout(edges), {}
    assert all(place[start][0] < place[end][0] for start, end in edges)
    for item, spot in place.items():
        name, face = type(item).__name__.replace("Backward", "\nBackward"), "#0072B2"
        if item in leaves:
            name, face = f"Accumulate\nGrad of {'w' if item.variable is w else 'b'}", "#007A5A"
        elif isinstance(item, str):
            name, face = "None\n(data)", "#707070"
        box = dict(boxstyle="round,pad=0.35", facecolor=face, linewidth=0)
        text = ax.text(*spot, name, color="w", ha="center", va="center", fontsize=11, bbox=box)
        boxes[item] = text.get_bbox_patch()
    for start, end in edges:
        bow = f"arc3,rad={-0.25 if place[end][0] - place[start][0] > 2 else 0}"
        look = dict(arrowstyle="-|>", color="#444444", connectionstyle=bow)
        look |= dict(patchA=boxes[start], patchB=boxes[end])  # the arrow stops at their edges
        ax.annotate("", place[end], place[start], arrowprops=look, size=16, zorder=4)
    ax.set(title=title, xlim=(-0.45, 4.5), ylim=(1.4, -1.4), frame_on=False, xticks=[], yticks=[])
    plt.show()


draw("Backward graph of exp(h) + sin(h), where h = w * x + b", edges)

# %%
# Two arrows in, one gradient
# ---------------------------
#
# Two arrows reach the node that made ``h``. It runs once, with the sum of what arrives.

left, right = (node for node, _ in upper.grad_fn.next_functions)
join = left.next_functions[0][0]
assert join is right.next_functions[0][0]
arrived, h = [], (w * 1.0 + b).detach()
join.register_prehook(arrived.append)
upper.backward()
assert len(arrived) == 1
torch.testing.assert_close(arrived[0][0], h.exp() + h.cos())

# %%
# Another branch, another graph
# -----------------------------
#
# For a negative ``h`` the same function returns ``w * h**2``, which reads ``w`` a second time.

lower = call(torch.tensor(-1.0))
others, other_edges = walk(lower.grad_fn, [], [])
names = Counter(type(node).__name__ for node in others)
assert names == dict(MulBackward0=2, PowBackward0=1, AddBackward0=1, AccumulateGrad=2)
draw("The other branch: w * h**2, where h = w * x + b", other_edges)

# %%
# What was seen
# -------------
#
# The graph holds what ran, not what was written. To predict it, list the operations that ran on
# tensors with a gradient. Two graphs share only the nodes of the parameters: gradients add there.

assert set(nodes) & set(others) == leaves
first, h = w.grad.clone(), (w * -1.0 + b).detach()
lower.backward()
torch.testing.assert_close(w.grad - first, h**2 + 2 * w.detach() * h * -1.0)
