"""Acts are credited to the sentences that made them, in shows whose truth is known."""

import numpy as np
import pytest

from app.insights.attribution import credit


def show(
    seed: int, effects: list[float], delay_s: float, anyway: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """Sentences of 6 s every 10 s with as many acts each as `effects` says on average, and `anyway` more."""
    random = np.random.default_rng(seed)
    sentences = np.array([[10.0 * index, 10.0 * index + 6] for index in range(len(effects))])
    length_s = 10.0 * len(effects) + 60
    acts = [random.uniform(0, length_s, anyway)]
    for (begin, end), effect in zip(sentences, effects, strict=True):
        count = random.poisson(effect)
        acts.append(random.uniform(begin, end, count) + random.gamma(2, delay_s, count))
    return sentences, np.sort(np.concatenate(acts)), length_s


@pytest.mark.parametrize("seed", range(3))
def test_the_sentences_that_sold_are_found(seed: int) -> None:
    effects = [0.0] * 60
    effects[12], effects[30], effects[31] = 120.0, 60.0, 60.0
    found = credit(*show(seed, effects, 7.0, 80))
    assert found.delay_s in (4.0, 7.0)
    assert 12 in np.argsort(found.acts)[-4:]
    assert found.acts[11:15].sum() == pytest.approx(120, rel=0.3)
    assert found.acts[29:34].sum() == pytest.approx(120, rel=0.3)
    assert found.anyway + found.acts.sum() == pytest.approx(len(found.shares))


def test_a_show_in_which_nothing_was_said_to_effect_credits_little() -> None:
    sentences, acts, length_s = show(5, [0.0] * 60, 7.0, 300)
    found = credit(sentences, acts, length_s)
    assert found.acts.max() < 30
    assert found.shares.shape == (300, 60)


def test_a_show_without_acts_or_words_is_no_error() -> None:
    assert credit(np.array([[0.0, 5.0]]), np.array([]), 60.0).acts.tolist() == [0.0]
    nothing_said = credit(np.empty((0, 2)), np.array([3.0, 4.0]), 60.0)
    assert (nothing_said.acts.tolist(), nothing_said.anyway) == ([], 2.0)
