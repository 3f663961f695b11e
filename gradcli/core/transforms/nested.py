"""Derivatives of derivatives where each is that of a sum, as the chain of gradients gives them, but at any order.

The gradient of a sum with respect to a tensor x, summed and differentiated again, is the gradient moved along a
path on which all elements of x grow alike: Taylor mode over reverse mode, with no nesting.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.core.ir.nodes import Node, filled
from gradcli.core.primitives.reductions import sum_to
from gradcli.core.transforms.reverse import gradient
from gradcli.core.transforms.taylor import partials


def total(outputs: Sequence[Node]) -> Node:
    """The sum of all elements of all outputs, a scalar; they are of float dtypes."""
    sums = [node if node.shape == () else sum_to(node, shape=()) for node in outputs]
    result = sums[0]
    for node in sums[1:]:
        result = result + node
    return result


def summed_partial(outputs: Sequence[Node], variables: Sequence[Node]) -> Node:
    """The derivative by one variable after the other, each time of the sum; of the shape of the last one."""
    last, others = variables[-1], list(variables[:-1])
    if not outputs:
        return filled(0.0, last)
    if last.shape == ():
        others.append(last)
        nodes = [total(outputs)]
    else:
        nodes = list(gradient(outputs, [last]))
    for x in dict.fromkeys(others):
        order = others.count(x)
        if order == 1 and x.shape == () and nodes[0].shape == ():
            nodes = list(gradient(nodes, [x]))
        else:
            nodes = [partials(nodes, [[x]], order)[0].get((order,), filled(0.0, nodes[0]))]
    return nodes[0]
