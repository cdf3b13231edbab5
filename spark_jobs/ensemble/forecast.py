"""A trained model and its predictions for the customers of a date. Pure functions: arrays in, arrays out.

The mean of a horizon is a weighted geometric mean of up to five forecasts, scaled to the calibrated total. Values that
depend on all customers of the date (means of the parts, the calibration) are computed once, as a `Setting`. Each
customer is then predicted independently of the others. A horizon without a closed window extends the longest shorter
one by the anchor's ratio.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
from scipy.special import expit

from clv.core.declared import HORIZONS, LIFETIME, OURS
from spark_jobs.ensemble import coherence, next_order, season_time
from spark_jobs.ensemble.calibration import REOPENED, Daily, share_of_buyers, tilted
from spark_jobs.ensemble.discounting import discount_factors
from spark_jobs.ensemble.level import ClosedWindow, Level, level
from spark_jobs.ensemble.next_order import Timing
from spark_jobs.ensemble.parts import LEAST, Parts, Trained, parts, weighted
from spark_jobs.features.columns import FEATURES_READ, YEAR, Array, Columns
from spark_jobs.models import anchor, registry
from spark_jobs.models.anchor import OriginFit, Probabilistic
from spark_jobs.models.log_odds import shift_to
from spark_jobs.models.personas import Personas

UNCERTAIN = 0.5  # standard deviation of a total's error, in logs, from which readers are warned: -47 to +90 % in 80 %


@dataclass(frozen=True)
class Model:
    """A trained model.

    horizons: the days of each horizon, shortest first. trained: by window length in days. closed: what closed windows
    showed of the level. personas: the groups of customers, fitted at the latest origin.
    """

    version: str = "none"
    horizons: list[int] = field(default_factory=lambda: list(HORIZONS))
    trained: dict[int, Trained] = field(default_factory=dict)
    closed: list[ClosedWindow] = field(default_factory=list)
    personas: Personas | None = None

    @property
    def all_horizons(self) -> list[int]:
        """All horizons to predict: those of the shop, and the remaining lifetime."""
        return [*self.horizons, LIFETIME]

    def base(self, horizon_days: int) -> int | None:
        """Returns the longest trained window that is no longer than this horizon; None if there is none."""
        return max((w for w in self.trained if w <= horizon_days), default=None)

    @property
    def windows(self) -> list[int]:
        """The windows whose parts the predictions need, shortest first."""
        return sorted({self.base(horizon) or horizon for horizon in self.all_horizons})

    @property
    def features_read(self) -> dict[str, str]:
        """The columns of features that the predictions need, each with its type. Raises ClvError if a published
        forecaster no longer exists."""
        return FEATURES_READ | registry.columns_read({one.published for one in self.trained.values()})

    def basis(self, horizon_days: int) -> str:
        """Describes in words what a horizon's prediction is based on."""
        base = self.base(horizon_days)
        if base is None:
            return "probabilistic"
        published = self.trained[base].published
        own = "trained" if published == OURS else f"baseline {published}"
        if base == horizon_days:
            return own
        return f"extended from {base} days" + ("" if published == OURS else f" of {own}")


@dataclass(frozen=True)
class Setting:
    """Values that all customers of a date share for a window.

    calibration: log of the calibration of the total. mean: the mean prediction. log_means: logs of the parts' means, by
    name. log_relative, log_tilted: logs of the mean relative prediction before and after the calibration's tilt. shift:
    added to the log-odds. closed: see `Level`. timing: for the day of the next order.
    """

    calibration: float
    mean: float
    log_means: dict[str, float]
    log_relative: float
    log_tilted: float
    shift: float
    closed: int = 0
    timing: Timing = field(default_factory=Timing)


@dataclass(frozen=True)
class Forecast:
    """Predictions for customers over one horizon, arrays of shape (n,); money in the warehouse's currency.

    p_alive: the probability of still being a customer at the date. It is the same for all horizons, and no probability
    of an order exceeds it. days_to_next_order: the same for all horizons; NaN if the probability of an order within the
    longest of the shop's horizons is below a half. own_spread: the standard deviation of a customer's revenue without
    shared errors. total_spread, group_spread: standard deviations, in logs, of the error that all customers share and
    of the error that a group shares beyond it.
    """

    p_alive: Array
    p_purchase: Array
    expected_orders: Array
    revenue: Array
    p10: Array
    p50: Array
    p90: Array
    discount_factor: Array
    basis: str
    days_to_next_order: Array
    own_spread: Array
    total_spread: float
    group_spread: float


def setting(trained: Trained, found: Parts, of_all: Level) -> Setting:
    """Computes what a date's customers share, from the parts of all customers (or of a random sample), and
    the level."""
    value = found.value(trained.chance_weights)
    log_means = {name: float(np.log(np.exp(logs).mean())) for name, logs in value.items()}
    logs = weighted(trained.value_weights, _less(value, log_means))
    log_relative = float(np.log(np.exp(logs).mean()))
    log_tilted = float(np.log(np.exp(tilted(logs - log_relative, of_all.revenue)).mean()))
    log_odds = weighted(trained.chance_weights, found.chance)
    return Setting(
        calibration=of_all.revenue,
        mean=float(
            found.by_anchor.revenue.mean() * np.exp(of_all.revenue) if found.other is None else found.other.mean()
        ),
        log_means=log_means,
        log_relative=log_relative,
        log_tilted=log_tilted,
        shift=shift_to(log_odds, share_of_buyers(found.by_anchor.p_purchase, of_all.buyers)),
        closed=of_all.closed,
    )


def blend(trained: Trained, found: Parts, common: Setting) -> tuple[Array, Array]:
    """Returns the probability of an order and the mean revenue over a window, each of shape (n,)."""
    p = expit(weighted(trained.chance_weights, found.chance) + common.shift)
    p = np.clip(p, LEAST, 1 - LEAST)
    if found.other is not None:
        return p, np.clip(found.other, LEAST, trained.cap)
    value = found.value(trained.chance_weights)
    logs = weighted(trained.value_weights, _less(value, common.log_means)) - common.log_relative
    money = common.mean * np.exp(tilted(logs, common.calibration) - common.log_tilted)
    return p, np.minimum(money, trained.cap)


def _less(parts: dict[str, Array], means: dict[str, float]) -> dict[str, Array]:
    return {name: logs - means[name] for name, logs in parts.items()}


def settings_of(model: Model, fit: OriginFit, columns: Columns, daily: Daily, day: date) -> dict[int, Setting]:
    """Computes what the customers of a date share, for each window length that `forecast` needs.

    columns: of all customers or of a random sample. What the anchor expects of them is therefore compared with what the
    same customers spent in the last year, and not, as at past origins (`level.expected_share`), with the shop's daily
    revenue. Of all customers the two differ only by days on which more was returned than bought.
    """
    found, spent = {}, columns[f"revenue_{YEAR}"].sum()
    timing = next_order.timing(columns, daily, day)
    for window, known in parts_by_window(model, fit, columns).items():
        trained = model.trained.get(window, Trained())
        share = known.by_anchor.revenue.sum() / spent if spent > 0 else 0.0
        common = setting(trained, known, level(daily, day, window, model.closed, share))
        found[window] = replace(common, timing=timing)
    return found


def remarks(model: Model, common: dict[int, Setting]) -> list[str]:
    """Returns what a reader of a date's totals should know, from the settings of its windows: that the shop was closed,
    and which totals are very uncertain."""
    found = []
    if days := max((one.closed for one in common.values()), default=0):
        found.append(
            f"the shop was closed on {days} of the last {REOPENED} days, so the totals follow what it earned on the "
            "days of the last year on which it was open"
        )
    for window in sorted(common):
        spread = model.trained.get(window, Trained()).total_spread
        if spread > UNCERTAIN:
            found.append(
                f"the total of {window} days is very uncertain: at past dates it was wrong by a factor of "
                f"{np.exp(spread):.1f}"
            )
    return found


def looking_ahead(model: Model, fit: OriginFit, columns: Columns, daily: Daily, day: date) -> OriginFit:
    """Returns the fit with whatever it predicts for many customers of the date at once (see `anchor.looking_ahead`), so
    that it is computed once. columns: of all customers of the date."""
    clock = season_time.clock(daily, day)
    days = {*model.windows, *model.all_horizons, *next_order.anchored_at(model.horizons, clock)}
    return anchor.looking_ahead(fit, columns, days)


def parts_by_window(model: Model, fit: OriginFit, columns: Columns) -> dict[int, Parts]:
    """Computes the parts of each window length that `forecast` needs."""
    by_anchor = anchor.over(fit, columns, model.windows)
    return {
        window: parts(model.trained.get(window, Trained()), fit, columns, window, known)
        for window, known in by_anchor.items()
    }


def forecast(
    model: Model, fit: OriginFit, columns: Columns, common: dict[int, Setting], rate: float,
    by_window: dict[int, Parts] | None = None,
) -> dict[int, Forecast]:  # fmt: skip
    """Predicts customers with at least one purchase day, for each horizon of the model and the remaining lifetime.

    columns: FEATURE_COLUMNS, each of shape (n,). common: the settings of the same date. rate: the discount rate per
    year. by_window: what `parts_by_window` returns for the same customers, if it is known. A longer horizon is never
    lower than a shorter one, discounted or not. No value is negative, missing or infinite, except a missing day of the
    next order.
    """
    x, _, T = anchor.history(columns)
    result: dict[int, Forecast] = {}
    # Anchor, counts and revenue of the previous, shorter horizon.
    shorter: tuple[Probabilistic, dict[str, Array], dict[str, Array]] | None = None
    factor, factors = np.ones(len(x)), discount_factors(fit.bgnbd, x, T, model.all_horizons, rate)
    blends: dict[int, tuple[Parts, Array, Array]] = {}  # by window, which several horizons may extend
    by_window = by_window or parts_by_window(model, fit, columns)
    for horizon in model.all_horizons:
        base = model.base(horizon) or horizon
        trained = model.trained.get(base, Trained())
        if base not in blends:
            blends[base] = (by_window[base], *blend(trained, by_window[base], common[base]))
        found, p, value = blends[base]
        by_anchor = found.by_anchor if base == horizon else anchor.probabilistic(fit, columns, horizon)
        longer = np.maximum(by_anchor.revenue / found.by_anchor.revenue, 1)
        p = coherence.at_least_as_likely(p, found.by_anchor.p_purchase, by_anchor.p_purchase)
        # Take quantiles of the base window's prediction, with the probability of the longer horizon.
        bounds = trained.intervals.bounds(value, p, common[base].mean)
        median = trained.intervals.quantile(0.5, value, p, common[base].mean)
        counts = {"p_purchase": p, "expected_orders": np.maximum(p, by_anchor.orders * p / by_anchor.p_purchase)}
        now = {"revenue": value, "p10": bounds[0], "p50": median, "p90": np.maximum(bounds[1], median)}
        money = {name: array * longer for name, array in now.items()}
        discounted, factor = factor, np.round(factors[horizon], 6)
        if shorter:
            counts = coherence.raised(counts, coherence.least_counts(*shorter[:2], by_anchor))
            money = coherence.raised(
                money, coherence.least_money(shorter[2], shorter[0], by_anchor, discounted / factor)
            )
        shorter = by_anchor, counts, money
        result[horizon] = Forecast(
            p_alive=np.ones(len(x)),
            discount_factor=factor,
            basis=model.basis(horizon),
            days_to_next_order=np.full(len(x), np.nan),
            own_spread=trained.intervals.own_spread(value, p, common[base].mean) * longer,
            total_spread=trained.total_spread,
            group_spread=trained.group_spread,
            **counts,
            **money,
        )
    longest = result[LIFETIME]
    alive = coherence.at_least_as_likely(longest.p_purchase, by_anchor.p_pareto, by_anchor.p_active)
    chances = {horizon: result[horizon].p_purchase for horizon in model.horizons}
    timing = next(iter(common.values())).timing
    days = next_order.days_to_next_order(fit, columns, chances, timing)
    return {h: replace(found, p_alive=alive, days_to_next_order=days) for h, found in result.items()}
