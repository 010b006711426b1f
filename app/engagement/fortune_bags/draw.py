"""A draw that anyone can repeat: the seed was committed to before anybody entered, and is shown afterwards."""

import hmac
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import count
from uuid import UUID

SEED_BYTES = 32


def commitment(seed: bytes) -> str:
    """What is published while the bag is open: the SHA-256 of the seed, in hex."""
    return sha256(seed).hexdigest()


def entries_digest(tickets: Sequence[UUID]) -> str:
    """The SHA-256, in hex, of all tickets in ascending order, one a line."""
    return sha256("\n".join(str(ticket) for ticket in sorted(tickets)).encode()).hexdigest()


def draw(seed: bytes, tickets: Sequence[UUID], winners: int) -> list[UUID]:
    """The winning tickets, first place first; every ticket is as likely as every other.

    The first places of a Fisher-Yates shuffle of the ascending tickets. Its random numbers are the
    64-bit big-endian words of HMAC-SHA256(seed, "<entries digest>:<n>") for n = 0, 1, …; a word that
    would favour some tickets is skipped.
    """
    order = sorted(tickets)
    digest = entries_digest(order)
    words = _words(seed, digest)
    for place in range(min(winners, len(order))):
        left = len(order) - place
        limit = 2**64 - 2**64 % left
        word = next(word for word in words if word < limit)
        other = place + word % left
        order[place], order[other] = order[other], order[place]
    return order[:winners]


def _words(seed: bytes, digest: str) -> Iterator[int]:
    for number in count():
        block = hmac.digest(seed, f"{digest}:{number}".encode(), "sha256")
        yield from (int.from_bytes(block[at : at + 8], "big") for at in range(0, len(block), 8))
