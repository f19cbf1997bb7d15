"""The learnt sums over readable features, of triage and of goals, weights as data.

``data/guard/learnt_*.json`` are written by :mod:`josi_utils.guard.fit`. Weights are whole
hundredths, so that a port adds the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from josi_utils.errors import JosiError
from josi_utils.guard.data import guard_dir, load

#: Weights are stored in hundredths.
UNIT = 100
_USUAL = ("classes", "start", "weights", "least")
#: What each file must hold, and which thresholds.
_KEYS = {
    "learnt_triage": (*_USUAL, "encoder_factor"),
    "learnt_flags": (*_USUAL, "encoder_factor"),
    "learnt_urgent": _USUAL,
    "learnt_goal": _USUAL,
}
_LEAST = {
    "learnt_triage": ("alone", "beside_rule", "asked_from"),
    "learnt_flags": (),
    "learnt_urgent": ("alone", "beside_rule"),
    "learnt_goal": ("asked_from", "aims"),
}


@dataclass(frozen=True)
class Linear:
    """One model: a sum of weights for each class.

    Attributes
    ----------
    classes
        Names in the order of the weights.
    start
        The sum before any feature, in hundredths.
    weights
        Feature to one weight a class, in hundredths.
    least
        Name of a decision to the sum from which it holds.
    encoder_factor
        How much of the encoder's log-odds is added to the sum.
    """

    classes: tuple[str, ...]
    start: tuple[int, ...]
    weights: Mapping[str, tuple[int, ...]]
    least: Mapping[str, float]
    encoder_factor: float = 0.0

    def sums(self, features: Mapping[str, float]) -> dict[str, float]:
        """Return the sum of each class."""
        totals = [float(value) for value in self.start]
        for name, value in features.items():
            row = self.weights.get(name)
            if row is not None:
                for at, weight in enumerate(row):
                    totals[at] += weight * value
        return {n: round(t / UNIT, 4) for n, t in zip(self.classes, totals, strict=True)}

    def for_class(self, name: str, features: Mapping[str, float]) -> list[tuple[float, str]]:
        """Return what speaks for a class, the strongest first: (share of the sum, feature)."""
        at = self.classes.index(name)
        found = [
            (self.weights[f][at] * value / UNIT, f)
            for f, value in features.items()
            if f in self.weights and self.weights[f][at] > 0
        ]
        return sorted(found, key=lambda item: (-item[0], item[1]))


@lru_cache(maxsize=5)
def _model(name: str, version: int, folder: str) -> Linear:
    source = load(name)
    lacking = [key for key in _KEYS[name] if key not in source]
    if lacking:
        raise JosiError(f"{folder}/{name}.json: no {lacking[0]!r} in it; fit it anew")
    classes = tuple(source["classes"])
    weights = {
        feature: (row,) if isinstance(row, int) else tuple(row)
        for feature, row in source["weights"].items()
    }
    wrong = [feature for feature, row in weights.items() if len(row) != len(classes)]
    if wrong or len(source["start"]) != len(classes):
        raise JosiError(f"{name}.json: {wrong[:1]} has not one weight a class; fit it anew")
    if lacking := [key for key in _LEAST[name] if key not in source["least"]]:
        raise JosiError(f"{folder}/{name}.json: no {lacking[0]!r} under 'least'; fit it anew")
    factor = source.get("encoder_factor", 0.0)
    return Linear(classes, tuple(source["start"]), weights, source["least"], factor)


def model(name: str) -> Linear:
    """Return a model: ``learnt_triage`` (is it a red flag), ``learnt_flags`` (which),
    ``learnt_urgent``, or ``learnt_goal`` (may a goal be told).

    Raises
    ------
    JosiError
        If the file does not fit its classes.
    """
    return _model(name, load(name)["version"], str(guard_dir()))
