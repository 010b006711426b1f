"""Slows down whoever guesses passwords."""

import hashlib

from redis.asyncio import Redis

from app.core.pace import Pace, PaceKeeper

PER_ACCOUNT = Pace(interval_ms=60_000, burst=10)
"""From one network address; a guesser elsewhere does not lock the owner out."""
PER_ADDRESS = Pace(interval_ms=3_000, burst=100)


class LoginGuard:
    """Counts wrong passwords by account and network address, and by network address alone.

    Right ones cost nothing: a crowd behind one address may log in at once.
    """

    def __init__(self, redis: Redis, email: str, address: str) -> None:
        # Only a hash of the e-mail address is kept.
        self._account = f"logins:{{{address}}}:{hashlib.sha256(email.encode()).hexdigest()[:24]}"
        self._paces = {self._account: PER_ACCOUNT, f"logins:{{{address}}}": PER_ADDRESS}
        self._keeper = PaceKeeper(redis)

    async def check(self) -> None:
        """Right before a password is looked at; raises RateLimited."""
        await self._keeper.check(self._paces)

    async def failed(self) -> None:
        await self._keeper.count(self._paces)

    async def succeeded(self) -> None:
        await self._keeper.forget(self._account)
