"""WHEP: viewers watch from here (draft-ietf-wish-whep)."""

from collections.abc import Sequence

from fastapi import APIRouter

from media.admitted import Admitted
from media.engines.base import MediaEngine
from media.ports import TokenVerifier
from media.signalling import IceServer, create_router


def whep_router(
    engine: MediaEngine, tokens: TokenVerifier, admitted: Admitted, ice_servers: Sequence[IceServer] = ()
) -> APIRouter:
    """`POST /whep/{room_id}` and the session below it; 409 `stream_offline` while nobody publishes."""
    return create_router(
        "whep", engine.subscribe, engine=engine, tokens=tokens, admitted=admitted, ice_servers=ice_servers
    )
