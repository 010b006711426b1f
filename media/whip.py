"""WHIP: hosts publish here (RFC 9725)."""

from collections.abc import Awaitable, Callable, Sequence

from fastapi import APIRouter

from media.admitted import Admitted
from media.engines.base import Answer, MediaEngine
from media.ports import TokenVerifier
from media.signalling import IceServer, create_router


def whip_router(
    engine: MediaEngine,
    tokens: TokenVerifier,
    admitted: Admitted,
    ice_servers: Sequence[IceServer] = (),
    *,
    before_publish: Callable[[str], Awaitable[None]],
) -> APIRouter:
    """`POST /whip/{room_id}` and the session below it.

    A second publisher gets 409 `already_publishing` while the first one's media arrives; 2 s
    after the last packet the newcomer takes over, so that a host whose browser crashed is not
    locked out and two open tabs do not throw each other out for ever. `before_publish` is told the
    room's id first and may refuse.
    """

    async def publish(room_id: str, offer: str) -> Answer:
        await before_publish(room_id)
        return await engine.publish(room_id, offer)

    return create_router(
        "whip", publish, engine=engine, tokens=tokens, admitted=admitted, ice_servers=ice_servers
    )
