"""Which seconds of the talk made people act: each act is shared out among the sentences before it.

A sentence that makes people act does so with a delay. The model: acts come at a steady rate whatever
is said, and each sentence j adds A[j] acts, spread over the time after each of its seconds by the
density d/τ² · exp(-d/τ) of the delay d, which is most likely to be τ seconds. The rate, A and τ are
those under which the acts that happened were most likely (EM; Lewis and Mohler 2011 for the same on
point processes). A sentence that does not make them likelier by as much as it is one more thing to fit
(log n, as in the Bayesian information criterion) made none. An act's shares say how likely each sentence
was its reason.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

DELAYS_S = (2.0, 4.0, 7.0, 12.0, 20.0, 32.0)
ROUNDS = 150


@dataclass(frozen=True, slots=True)
class Credit:
    """`acts[j]`: how many acts sentence j made, of all; `shares[i, j]`: sentence j's part in act i.

    `anyway`: acts that no sentence made. `delay_s`: the likeliest delay.
    """

    acts: Floats
    shares: Floats
    anyway: float
    delay_s: float
    log_likelihood: float


def credit(sentences: Floats, acts_at_s: Floats, length_s: float) -> Credit:
    """Share the acts (their times in seconds of the show) out among sentences (begin and end, n × 2).

    `length_s` is how long the show lasted; what happened outside of it is not counted.
    """
    inside = acts_at_s[(acts_at_s >= 0) & (acts_at_s <= length_s)]
    fits = [_fit(sentences, inside, length_s, delay_s) for delay_s in DELAYS_S]
    return max(fits, key=lambda fit: fit.log_likelihood)


def _fit(sentences: Floats, acts_at_s: Floats, length_s: float, delay_s: float) -> Credit:
    """Fit all sentences, leave out those that the acts would be as likely without, fit the rest anew."""
    density, within = _response(sentences, acts_at_s, length_s, delay_s)
    count = len(acts_at_s)
    kept = np.arange(len(sentences))
    while True:
        shares, made, steady, likelihood = _fit_kept(density[:, kept], within[kept], count, length_s)
        gain = -np.log1p(-np.minimum(shares, 1 - 1e-9)).sum(axis=0) - made * within[kept]
        worth = gain > math.log(max(count, 2))
        if worth.all():
            break
        kept = kept[worth]
    all_shares = np.zeros((count, len(sentences)))
    all_shares[:, kept] = shares
    return Credit(all_shares.sum(axis=0), all_shares, steady, delay_s, likelihood)


def _fit_kept(
    density: Floats, within: Floats, count: int, length_s: float
) -> tuple[Floats, Floats, float, float]:
    """Shares, acts that each sentence makes, acts that none makes, and how likely all that is (its log)."""
    steady = count / 2
    made = np.full(len(within), count / 2 / max(1, len(within)))
    for _ in range(ROUNDS):
        parts = density * made
        total = parts.sum(axis=1) + steady / length_s
        steady = float((steady / length_s / total).sum())
        made = (parts / total[:, None]).sum(axis=0) / within
    parts = density * made
    total = parts.sum(axis=1) + steady / length_s
    likelihood = float(np.log(total).sum() - (made * within).sum() - steady)
    return parts / total[:, None], made, steady, likelihood


def _response(sentences: Floats, acts_at_s: Floats, length_s: float, delay_s: float) -> tuple[Floats, Floats]:
    """For each act and sentence the density of an act then, were it that sentence's; and the part of each
    sentence's acts that falls within the show."""
    begin, end = sentences[:, 0], np.maximum(sentences[:, 1], sentences[:, 0] + 0.1)

    def until(at: Floats) -> Floats:
        """The mean over a sentence of the distribution function of the delay, times its length."""
        x = np.maximum(at, 0.0) / delay_s
        return delay_s * np.asarray(x - 2 + np.exp(-x) * (x + 2))

    def density(at: Floats) -> Floats:
        """Its derivative: the distribution function 1 - (1 + x) exp(-x)."""
        x = np.maximum(at, 0.0) / delay_s
        return np.asarray(1 - (1 + x) * np.exp(-x))

    after_begin, after_end = acts_at_s[:, None] - begin, acts_at_s[:, None] - end
    dense = (density(after_begin) - density(after_end)) / (end - begin)
    within = (until(length_s - begin) - until(length_s - end)) / (end - begin)
    return dense, np.maximum(within, 1e-9)
