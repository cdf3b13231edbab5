"""Parameters of what Spark fitted, as numpy predicts with them: lines, trees, and a network of one hidden layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import expit, softmax

from spark_jobs.features.columns import Array


@dataclass(frozen=True)
class Line:
    """A weighted sum of inputs."""

    coefficients: list[float]
    intercept: float

    def of(self, inputs: Array) -> Array:
        """The sums of inputs of shape (n, k), shape (n,)."""
        return inputs @ np.array(self.coefficients) + self.intercept


def line(model: Any) -> Line:
    """That of a fitted linear or logistic regression or support vector machine."""
    return Line([float(number) for number in model.coefficients], float(model.intercept))


@dataclass(frozen=True)
class Tree:
    """A binary tree by node, the root first: the input that a node looks at (-1 in a leaf), up to which value of it
    customers go left, where they go, and what a leaf predicts."""

    feature: list[int]
    threshold: list[float]
    left: list[int]
    right: list[int]
    value: list[float]

    def of(self, inputs: Array) -> Array:
        """What the leaves predict of inputs of shape (n, k), shape (n,)."""
        feature, threshold, left, right = map(np.array, (self.feature, self.threshold, self.left, self.right))
        node, rows = np.zeros(len(inputs), int), np.arange(len(inputs))
        while (deeper := feature[node] >= 0).any():
            goes_left = inputs[rows, np.maximum(feature[node], 0)] <= threshold[node]
            node = np.where(deeper, np.where(goes_left, left[node], right[node]), node)
        return np.array(self.value)[node]


def tree(root: Any, chance: bool) -> Tree:
    """That of a fitted tree, from its root in the JVM. chance: whether a leaf gives the share of the second of two
    classes, else a mean."""
    found = Tree([], [], [], [], [])

    def add(node: Any) -> int:
        place = len(found.value)
        for column in (found.feature, found.left, found.right):
            column.append(-1)
        found.threshold.append(0.0)
        found.value.append(0.0)
        if node.subtreeDepth() == 0:
            found.value[place] = _share(node.impurityStats().stats()) if chance else float(node.prediction())
        else:
            split = node.split()
            found.feature[place], found.threshold[place] = split.featureIndex(), float(split.threshold())
            found.left[place], found.right[place] = add(node.leftChild()), add(node.rightChild())
        return place

    add(root)
    return found


def _share(counts: Sequence[float]) -> float:
    none, some = float(counts[0]), float(counts[1])
    return some / (none + some)


def trees(model: Any, chance: bool) -> list[Tree]:
    """Those of a fitted forest, or the one of a fitted tree."""
    models = getattr(model, "trees", None) or [model]
    return [tree(one._java_obj.rootNode(), chance) for one in models]


def mean_of(found: Sequence[Tree], inputs: Array) -> Array:
    """The mean over trees, shape (n,)."""
    return np.mean([one.of(inputs) for one in found], axis=0)


def trees_as_json(found: Sequence[Tree]) -> list[dict]:
    """Each tree's lists by name."""
    return [asdict(one) for one in found]


@dataclass(frozen=True)
class Network:
    """A perceptron with one hidden layer of sigmoids and two classes, on standardised inputs; `weights` as Spark lays
    them out: of each layer its matrix, outputs first, and its constants."""

    means: list[float]
    deviations: list[float]
    layers: list[int]
    weights: list[float]

    def chance(self, inputs: Array) -> Array:
        """The chance of the second class, from inputs of shape (n, k), shape (n,)."""
        spread = np.array(self.deviations)
        layer = np.where(spread > 0, (inputs - np.array(self.means)) / np.where(spread > 0, spread, 1), 0)
        weights, start = np.array(self.weights), 0
        for number, (into, out) in enumerate(zip(self.layers, self.layers[1:], strict=False)):
            matrix = weights[start : start + into * out].reshape(into, out)
            start += into * out
            layer = layer @ matrix + weights[start : start + out]
            start += out
            if number < len(self.layers) - 2:
                layer = expit(layer)
        return softmax(layer, axis=1)[:, 1]
