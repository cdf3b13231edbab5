"""Parameters of models fitted by Spark, in a form with which numpy predicts: lines, trees, and a network with one
hidden layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import expit, softmax

from spark_jobs.features.columns import Array


@dataclass(frozen=True)
class Line:
    """A linear function of the inputs."""

    coefficients: list[float]
    intercept: float

    def of(self, inputs: Array) -> Array:
        """Returns the function's values for inputs of shape (n, k), shape (n,)."""
        return inputs @ np.array(self.coefficients) + self.intercept


def line(model: Any) -> Line:
    """Reads the coefficients of a fitted linear or logistic regression or support vector machine."""
    return Line([float(number) for number in model.coefficients], float(model.intercept))


@dataclass(frozen=True)
class Tree:
    """A binary tree as one list entry per node, the root first.

    feature: the index of the input that a node tests, -1 in a leaf. threshold: customers with at most this value go
    left. left, right: the child nodes. value: the prediction of a leaf.
    """

    feature: list[int]
    threshold: list[float]
    left: list[int]
    right: list[int]
    value: list[float]

    def of(self, inputs: Array) -> Array:
        """Returns the predictions for inputs of shape (n, k), shape (n,)."""
        feature, threshold, left, right = map(np.array, (self.feature, self.threshold, self.left, self.right))
        node, rows = np.zeros(len(inputs), int), np.arange(len(inputs))
        while (deeper := feature[node] >= 0).any():
            goes_left = inputs[rows, np.maximum(feature[node], 0)] <= threshold[node]
            node = np.where(deeper, np.where(goes_left, left[node], right[node]), node)
        return np.array(self.value)[node]


def tree(root: Any, chance: bool) -> Tree:
    """Reads a fitted tree from its root node in the JVM. chance: whether a leaf predicts the share of the second of two
    classes; otherwise a leaf predicts a mean."""
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
    """Reads all trees of a fitted forest, or the single tree of a fitted decision tree."""
    models = getattr(model, "trees", None) or [model]
    return [tree(one._java_obj.rootNode(), chance) for one in models]


def mean_of(found: Sequence[Tree], inputs: Array) -> Array:
    """Returns the mean prediction of several trees, shape (n,)."""
    return np.mean([one.of(inputs) for one in found], axis=0)


def trees_as_json(found: Sequence[Tree]) -> list[dict]:
    """Returns each tree's lists by name."""
    return [asdict(one) for one in found]


@dataclass(frozen=True)
class Network:
    """A perceptron with one hidden layer of sigmoids and two classes, on standardised inputs.

    weights: in Spark's order, for each layer its matrix (outputs vary fastest) and then its constants.
    """

    means: list[float]
    deviations: list[float]
    layers: list[int]
    weights: list[float]

    def chance(self, inputs: Array) -> Array:
        """Returns the probability of the second class for inputs of shape (n, k), shape (n,)."""
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
