"""A deep forecaster, fitted: the mean of networks trained from several seeds, each with a ZILN head.

The networks start from the anchor's prediction where it is known, else from the share of buyers and the mean log of
their money. They are trained on the closed windows of all origins except the latest, on which training stops when the
loss no longer falls.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from scipy.special import logit

from spark_jobs.features.columns import Array, Columns
from spark_jobs.features.purchases import COLUMN
from spark_jobs.models import anchor
from spark_jobs.models.anchor import OriginFit, Probabilistic
from spark_jobs.models.deep.networks import apart, purchases, ziln
from spark_jobs.models.deep.networks.apart import Schedule
from spark_jobs.models.deep.networks.layers import NETWORKS, PREDICTING, Weights
from spark_jobs.models.examples_on_spark import LEARNED, Closed, closed, log_inputs
from spark_jobs.models.forecaster import Customers, Json, Past, Prediction, Unfit, plain

SEEDS = 5
JUDGED_SHARE = 5  # one customer in so many is kept out of learning if there is one origin only
MOST_JUDGED = 2048  # rows on which it is judged when to stop
LARGEST_INPUT = 5.0  # inputs are clipped to so many standard deviations
LARGEST_LEVEL = 2.0  # the factor to the actual total lies between its inverse and this
TOGETHER = 2_000  # customers that are computed together; layers of sequences hold thousands of numbers for each
SCHEDULE = Schedule()
SEQUENCE_SCHEDULE = Schedule(steps=400, batch=256)  # a step costs several times as much


@dataclass(frozen=True)
class Deep:
    """The networks of one window.

    network: see `layers.NETWORKS`. rests_on: the reason. mean, deviation: of each input, to standardise it. weights: of
    each seed. start: log-odds and mu of all customers, if there is no anchor. level: factor that makes predictions of
    the closed windows sum to their actual total. anchor: fitted at the date, or None.
    """

    network: str
    rests_on: str
    mean: Array
    deviation: Array
    weights: list[Weights]
    start: tuple[float, float]
    level: float
    anchor: OriginFit | None

    def predict(self, customers: Customers) -> Prediction:
        """Predicts the mean money and the chance of an order of each customer."""
        by_anchor = customers.anchor if self.anchor else None
        if self.anchor and by_anchor is None:
            by_anchor = anchor.probabilistic(self.anchor, customers.columns, customers.window_days)
        given = inputs(self.network, customers.columns, offsets(self.start, by_anchor, len(customers)))
        given["columns"] = standardised(given["columns"], self.mean, self.deviation)
        starts = range(0, max(len(customers), 1), TOGETHER)
        parts = [{name: each[at : at + TOGETHER] for name, each in given.items()} for at in starts]
        mean, chance = np.concatenate([self._mean_and_chance(part) for part in parts], axis=1)
        return Prediction(self.level * mean, chance)

    def _mean_and_chance(self, given: dict[str, Array]) -> Array:
        compute = NETWORKS[self.network].outputs
        each = [ziln.distribution(compute(one, given, PREDICTING), given["offsets"]) for one in self.weights]
        return np.array([np.mean([of(one) for one in each], axis=0) for of in (ziln.mean, ziln.chance)])

    def explain(self, customers: Customers) -> list[str]:
        """Returns the same reason for every customer."""
        return [self.rests_on] * len(customers)

    def to_json(self) -> Json:
        """Returns the weights as lists, and what else `restored` needs."""
        saved = {name: getattr(self, name) for name in ("mean", "deviation", "weights", "start", "level")}
        return plain(saved) | {"anchor": self.anchor.as_json() if self.anchor else None}


def fit(past: Past, network: str, name: str, what: str) -> Deep:
    """Trains the networks of one window on the examples whose window had closed by the date.

    name: the forecaster's. what: the network in words. Raises Unfit if there are too few examples or no sequences, and
    ClvError if JAX is not installed or cannot use the device.
    """
    apart.check(name)
    if NETWORKS[network].reads_sequences and COLUMN not in past.columns:
        raise Unfit("it reads sequences of purchase days, which are not known here")
    known = closed(past)
    by_anchor = anchor.probabilistic(past.anchor, known.columns, past.window_days) if past.anchor else None
    positive = known.spent > 0
    if positive.all() or not positive.any():
        raise Unfit("all customers brought money in closed windows, or none did")
    start = float(logit(positive.mean())), float(np.log(known.spent[positive]).mean())
    given = inputs(network, known.columns, offsets(start, by_anchor, len(known.spent)))
    mean, deviation = given["columns"].mean(axis=0), given["columns"].std(axis=0)
    given["columns"] = standardised(given["columns"], mean, deviation)
    sizes = given["columns"].shape[1], purchases.STEPS, purchases.CHANNELS
    draw = NETWORKS[network].initial
    initial = [draw(np.random.default_rng(seed), sizes, ziln.OUTPUTS) for seed in range(SEEDS)]
    rows = {part: each.astype(np.float32) for part, each in {**given, "money": known.spent}.items()}
    judged = judging(known)
    stop = np.flatnonzero(judged)
    stop = stop[np.linspace(0, len(stop) - 1, min(MOST_JUDGED, len(stop))).astype(int)]
    learned, seen = ({part: each[rows_of] for part, each in rows.items()} for rows_of in (~judged, stop))
    schedule = SEQUENCE_SCHEDULE if NETWORKS[network].reads_sequences else SCHEDULE
    weights = apart.train(network, initial, learned, seen, schedule)
    found = Deep(network, LEARNED.format(what), mean, deviation, weights, start, 1.0, past.anchor)
    return levelled(found, Customers(known.columns, past.window_days), known.spent)


def restored(saved: Json, network: str, what: str) -> Deep:
    """Restores the fitted forecaster whose `to_json` returned `saved`."""
    weights = [{name: np.array(each) for name, each in one.items()} for one in saved["weights"]]
    fitted = OriginFit.from_json(saved["anchor"]) if saved["anchor"] else None
    mean, deviation, start = np.array(saved["mean"]), np.array(saved["deviation"]), tuple(saved["start"])
    return Deep(network, LEARNED.format(what), mean, deviation, weights, start, saved["level"], fitted)


def inputs(network: str, columns: Columns, starts: Array) -> dict[str, Array]:
    """Returns what a network reads: `columns`, logs of the features with the offsets, not yet standardised; `offsets`;
    and `steps`, if it reads sequences."""
    found = {"columns": np.column_stack([log_inputs(columns), starts]), "offsets": starts}
    return {**found, "steps": purchases.steps(columns)} if NETWORKS[network].reads_sequences else found


def offsets(start: tuple[float, float], by_anchor: Probabilistic | None, n: int) -> Array:
    """Returns the log-odds of money and the mean of its logarithm from which the networks start, shape (n, 2)."""
    if by_anchor is None:
        return np.tile(np.array(start), (n, 1))
    return np.column_stack([by_anchor.log_odds, np.log(by_anchor.revenue / by_anchor.p_purchase)])


def standardised(values: Array, mean: Array, deviation: Array) -> Array:
    """Returns inputs in standard deviations from the mean, clipped; an input that never varied is 0."""
    scaled = (values - mean) / np.where(deviation > 0, deviation, np.inf)
    return np.clip(scaled, -LARGEST_INPUT, LARGEST_INPUT)


def judging(known: Closed) -> Array:
    """Returns which examples are judged to stop training, as booleans of shape (n,): those of the latest origin, or
    those of some customers if there is no other origin."""
    if len(np.unique(known.origin)) > 1:
        return known.origin == known.origin.max()
    return np.array([zlib.crc32(str(key).encode()) % JUDGED_SHARE == 0 for key in known.customer])


def levelled(found: Deep, customers: Customers, spent: Array) -> Deep:
    """Returns the forecaster with the level that makes its predictions sum to what the customers spent, within
    bounds. The mean of a log-normal distribution is wrong where the money is not quite log-normal."""
    ratio = float(spent.sum() / found.predict(customers).mean.sum())
    level = float(np.clip(ratio, 1 / LARGEST_LEVEL, LARGEST_LEVEL))
    return Deep(**{**vars(found), "level": level})
