"""The axes of a grid, and the points on them: the full product or a sample of it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from ecglab.sweep._values import canonical

Point = tuple[Any, ...]


@dataclass(frozen=True)
class Sample:
    """How many points to draw, how, and from which seed."""

    n: int
    method: str = "random"
    seed: int = 0


@dataclass(frozen=True)
class Axis:
    """One axis: a list of values, or a continuous range from which they are drawn, ends included.

    A `logarithmic` range is uniform in the logarithm; the values of a `whole` one are rounded, to
    whole numbers between its ends.
    """

    name: str
    values: Sequence[Any] = ()
    low: float = 0.0
    high: float = 0.0
    logarithmic: bool = False
    whole: bool = False

    @property
    def is_continuous(self) -> bool:
        """Whether it has no list of values."""
        return not self.values

    @property
    def size(self) -> float:
        """How many values it has."""
        if not self.is_continuous:
            return len(self.values)
        return math.floor(self.high) - math.ceil(self.low) + 1 if self.whole else math.inf

    def at(self, share: float) -> Any:
        """Return the value at a share of the axis, from 0 (included) to 1."""
        if not self.is_continuous:
            return self.values[min(int(share * len(self.values)), len(self.values) - 1)]
        if self.logarithmic:
            value = math.exp(math.log(self.low) + share * math.log(self.high / self.low))
        else:
            value = self.low + share * (self.high - self.low)
        value = float(f"{value:.12g}")  # 0.3 rather than 0.30000000000000004
        if self.whole:
            return min(max(round(value), math.ceil(self.low)), math.floor(self.high))
        return min(max(value, self.low), self.high)


def size_of_product(axes: Sequence[Axis]) -> float:
    """Count the points of the full product; infinite where an axis is a range of fractions."""
    return math.prod(axis.size for axis in axes)


def draw(axes: Sequence[Axis], sample: Sample | None) -> Iterator[Point]:
    """Go through the full product, the last axis fastest, or draw `sample.n` different points.

    `sample.n` must not exceed the number of points.

    References
    ----------
    J. Bergstra and Y. Bengio, "Random search for hyper-parameter optimization", Journal of Machine
    Learning Research 13 (2012) 281-305, for why a sample often beats the product.
    """
    everything = sample is None or sample.n == size_of_product(axes)
    if everything and not any(axis.is_continuous for axis in axes):
        yield from product(*(axis.values for axis in axes))
    elif sample is not None:
        yield from _draw_sample(axes, sample)


def _draw_sample(axes: Sequence[Axis], sample: Sample) -> Iterator[Point]:
    """Draw points until enough of them are different."""
    seen: set[str] = set()
    for shares in _shares(len(axes), sample):
        point = tuple(axis.at(share) for axis, share in zip(axes, shares, strict=True))
        mark = canonical(point)
        if mark not in seen:
            seen.add(mark)
            yield point
        if len(seen) == sample.n:
            return


def _shares(n_axes: int, sample: Sample) -> Iterator[npt.NDArray[np.float64]]:
    """Draw points of the unit cube without end, in blocks."""
    if sample.method == "random":
        rng = np.random.default_rng(sample.seed)
        while True:
            yield from rng.random((1024, n_axes))
    from scipy.stats import qmc

    sequence = qmc.Sobol(n_axes, rng=sample.seed)
    exponent = max(5, math.ceil(math.log2(sample.n)))
    yield from sequence.random_base2(exponent)  # the sequence is balanced at powers of two
    while True:
        yield from sequence.random_base2(exponent)
        exponent += 1
