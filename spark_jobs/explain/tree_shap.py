"""Exact TreeSHAP of small trees, by tables.

The contributions of a tree to its margin depend on a customer only through the outcomes of the tree's conditions. For
each part of a tree with few conditions, a table holds the contributions for every combination of outcomes. A customer
then needs one look-up per part and driver. XGBoost's `pred_contribs` follows the paths of each customer again, which
takes 15 to 20 times as long for trees of depth 3 and 4.

The values are those of Lundberg et al. (2020), Nature Machine Intelligence 2, with the trees' covers as weights. A leaf
is a product over the inputs on its path: 1 or 0 for an input that is known, the share of training weight that passes
the input's conditions otherwise. The Shapley value of an input i of such a product is

    leaf * (o_i - r_i) * integral over t in (0, 1) of the product over j != i of (t o_j + (1 - t) r_j),

where o_j is 1 if the customer meets the conditions of input j and r_j is the share. The integrand is a polynomial in t,
so Gauss-Legendre quadrature with enough nodes gives the integral exactly.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from spark_jobs.features.columns import Array

MOST_CONDITIONS = 10  # of one table, which has 2 ** conditions columns
POWERS = 2 ** np.arange(8, dtype=np.uint8)[:, None]  # of the bits of a byte
CHUNK = 8_192  # customers at a time, whose inputs stay in the processor's cache


@dataclass(frozen=True, eq=False)
class Node:
    """A node of a tree: a condition `input < threshold`, or a leaf with a value. cover: the training weight that
    reached the node. less, other: where customers go who meet the condition, and who do not; missing_is_less: where
    those go whose input is missing."""

    cover: float
    value: float
    input: int = -1
    missing_is_less: bool = False
    less: Node | None = None
    other: Node | None = None

    def nodes(self) -> Iterator[Node]:
        """Yields the conditions of this node's subtree."""
        if self.less and self.other:
            yield self
            yield from self.less.nodes()
            yield from self.other.nodes()


Path = list[tuple[Node, bool]]  # conditions with their outcomes


@dataclass(frozen=True)
class Table:
    """The contributions of a part of a tree, by the outcomes of its conditions.

    The bit of a condition is 1 if `input < threshold`, or where missing inputs count as less, if `input >= threshold`:
    for a missing input it is always 0. values: by driver, the contribution for each combination of bits, shape (2 **
    conditions,).
    """

    conditions: list[Node]
    values: dict[int, Array]


@dataclass(frozen=True)
class Trees:
    """The tables of a booster's trees."""

    tables: list[Table]
    drivers: int

    def contributions(self, inputs: Array) -> Array:
        """Returns what each driver adds to a customer's margin, shape (n, drivers). inputs: float32, shape (n, inputs),
        NaN where missing."""
        result = np.zeros((self.drivers, len(inputs)))
        for start in range(0, len(inputs), CHUNK):
            columns = np.ascontiguousarray(inputs[start : start + CHUNK].T)
            into = result[:, start : start + CHUNK]
            for table in self.tables:
                bits = np.empty((len(table.conditions), columns.shape[1]), bool)
                for bit, node in zip(bits, table.conditions, strict=True):
                    compare = np.greater_equal if node.missing_is_less else np.less
                    compare(columns[node.input], np.float32(node.value), out=bit)
                place = _numbers(bits)
                for driver, values in table.values.items():
                    into[driver] += values[place]
        return result.T


def _numbers(bits: Array) -> Array:
    """Returns the number that each column of bits is, the lowest bit first. (np.packbits takes 20 times as long.)"""
    found = np.zeros(bits.shape[1], np.intp)
    for start in range(0, len(bits), len(POWERS)):
        byte = bits[start : start + len(POWERS)].view(np.uint8)
        found += np.bitwise_or.reduce(byte * POWERS[: len(byte)], axis=0).astype(np.intp) << start
    return found


@lru_cache(maxsize=32)
def trees(saved: bytes, drivers: tuple[int, ...]) -> Trees:
    """Builds the tables of a booster in XGBoost's JSON. drivers: of each input, the place of its contribution."""
    model = json.loads(saved)["learner"]["gradient_booster"]["model"]
    roots = [_node(tree, 0) for tree in model["trees"]]
    return Trees([table for root in roots for table in _tables(root, [], drivers)], max(drivers) + 1)


def _node(tree: dict, number: int) -> Node:
    cover, value = tree["sum_hessian"][number], tree["split_conditions"][number]
    less, other = tree["left_children"][number], tree["right_children"][number]
    if less < 0:
        return Node(cover, value)
    missing_is_less = bool(tree["default_left"][number])
    return Node(
        cover, value, tree["split_indices"][number], missing_is_less, _node(tree, less), _node(tree, other)
    )  # fmt: skip


def _tables(node: Node, above: Path, drivers: tuple[int, ...]) -> list[Table]:
    """Returns the tables of a node's leaves. A tree with too many conditions for one table is split at its top."""
    conditions = [*(each for each, _ in above), *node.nodes()]
    if not conditions:
        return []  # a tree of one leaf adds the same to everybody
    if len(conditions) > MOST_CONDITIONS and node.less and node.other:
        return [
            *_tables(node.less, [*above, (node, True)], drivers),
            *_tables(node.other, [*above, (node, False)], drivers),
        ]
    places = np.arange(2 ** len(conditions))
    is_less = {
        id(each): (places >> bit & 1 == 1) != each.missing_is_less for bit, each in enumerate(conditions)
    }  # fmt: skip
    values: dict[int, Array] = {}
    for leaf, path in _leaves(node, above):
        met, share = _by_input(path, is_less)
        for place, found in zip(
            met, _shapley(np.array(list(met.values())), np.array(list(share.values()))), strict=True
        ):
            driver = drivers[place]
            values[driver] = values.get(driver, 0) + leaf.value * found
    return [Table(conditions, values)]


def _leaves(node: Node, path: Path) -> Iterator[tuple[Node, Path]]:
    if node.less and node.other:
        yield from _leaves(node.less, [*path, (node, True)])
        yield from _leaves(node.other, [*path, (node, False)])
    else:
        yield node, path


def _by_input(path: Path, is_less: dict[int, Array]) -> tuple[dict[int, Array], dict[int, float]]:
    """Returns, for each input on the path to a leaf, whether its conditions are met for each combination of bits, and
    the share of training weight that meets them."""
    met: dict[int, Array] = {}
    share: dict[int, float] = {}
    for node, less in path:
        child = node.less if less else node.other
        met[node.input] = met.get(node.input, True) & (is_less[id(node)] == less)
        share[node.input] = share.get(node.input, 1.0) * (child.cover / node.cover if child else 0.0)
    return met, share


def _shapley(met: Array, share: Array) -> Array:
    """Returns the Shapley values of the product over inputs. met: shape (inputs, combinations). share: (inputs,)."""
    known, average = met.astype(float), share[:, None]
    found = np.zeros(known.shape)
    for point, weight in _quadrature(len(met) // 2 + 1):
        factors = point * known + (1 - point) * average
        for place in range(len(met)):
            others = [factor for number, factor in enumerate(factors) if number != place]
            found[place] += weight * np.prod(others, axis=0)
    return (known - average) * found


@cache
def _quadrature(nodes: int) -> list[tuple[float, float]]:
    """Returns points in (0, 1) and weights that integrate polynomials up to degree 2 nodes - 1 exactly."""
    points, weights = np.polynomial.legendre.leggauss(nodes)
    return list(zip(((points + 1) / 2).tolist(), (weights / 2).tolist(), strict=True))
