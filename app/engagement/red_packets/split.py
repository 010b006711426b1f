"""A fixed sum at random over a number of shares."""

from random import Random


def split(total_cents: int, shares: int, random: Random) -> list[int]:
    """Amounts of at least one cent each that sum to `total_cents` exactly; every place has the same expectation.

    Each share but the last is uniform between one cent and twice the mean of what is left. Raises
    ValueError where there are fewer cents than shares.
    """
    if not 1 <= shares <= total_cents:
        raise ValueError("every share needs a cent")
    amounts = []
    left_cents = total_cents
    for left in range(shares, 1, -1):
        highest = min(2 * left_cents // left - 1, left_cents - left + 1)
        amounts.append(random.randint(1, max(1, highest)))
        left_cents -= amounts[-1]
    return [*amounts, left_cents]
