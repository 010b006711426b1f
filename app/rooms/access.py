"""The addresses of a room's live connections, and the short-lived tokens that open them."""

from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from psycopg.rows import DictRow

from app.core.auth import Principal
from app.core.http import Services
from app.core.ids import new_id
from app.rooms import service
from app.rooms.schemas import Access, RoomTokens
from app.settings import Settings

TTL_S = 2 * 3600


def grant(
    services: Services, settings: Settings, room: DictRow, user: Principal | None, requested_url: str
) -> RoomTokens:
    """Tokens for `user`, or for a new guest; one to publish only for the room's host while it is not over.

    `requested_url` tells the host name under which the browser knows this machine.
    """
    room_id: UUID = room["id"]
    subject = str(user.user_id) if user else f"guest-{new_id()}"
    staff = service.is_staff(user, room["host_id"])
    gateway = services.tokens.issue(
        "gateway", subject, room_id, ttl_s=TTL_S, staff=staff, name=user.display_name if user else ""
    )
    whep = services.tokens.issue("whep", subject, room_id, ttl_s=TTL_S)
    media_url = settings.media_url or _beside(requested_url, settings.media_port)
    may_publish = user is not None and room["host_id"] == user.user_id and room["status"] != "ended"
    whip = services.tokens.issue("whip", subject, room_id, ttl_s=TTL_S) if may_publish else None
    gateway_url = settings.gateway_url
    if gateway_url is None:
        gateway_url = _beside(requested_url, settings.gateway_port).replace("http", "ws", 1) + "/ws"
    return RoomTokens(
        gateway=Access(url=gateway_url, token=gateway),
        whep=Access(url=f"{media_url}/whep/{room_id}", token=whep),
        whip=Access(url=f"{media_url}/whip/{room_id}", token=whip) if whip else None,
        ice_servers=[{"urls": url} for url in settings.ice_servers],
        expires_at=services.clock.now() + timedelta(seconds=TTL_S),
    )


def _beside(url: str, port: int) -> str:
    """The same host as `url`, another port."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{port}"
