"""Who may come in: asked at login and when somebody enters a room; moderation answers."""

from typing import Annotated, Protocol
from uuid import UUID, uuid4

from fastapi import Depends, Request, Response

DEVICE_COOKIE = "shopcast_device"
_KEPT_S = 400 * 24 * 3600


class Door(Protocol):
    """Remembers with what an account comes, and turns away who is excluded."""

    async def enter(self, user_id: UUID | None, room_id: UUID | None, *, device: str, address: str) -> None:
        """Into a room, or (None) the platform; a guest has no `user_id`. Raises a `Problem` that says why not."""
        ...


class OpenDoor:
    """A Door that lets everybody in."""

    async def enter(self, user_id: UUID | None, room_id: UUID | None, *, device: str, address: str) -> None:
        return None


class Entry:
    """One request in front of the door: its device is known by a cookie, which this answer sets where it is new."""

    def __init__(self, request: Request, response: Response) -> None:
        self._door: Door = getattr(request.app.state, "door", None) or OpenDoor()
        self._address = request.client.host if request.client else ""
        self._device = request.cookies.get(DEVICE_COOKIE, "")
        if not self._device:
            self._device = uuid4().hex
            secure = request.url.scheme == "https"
            response.set_cookie(
                DEVICE_COOKIE, self._device, max_age=_KEPT_S, httponly=True, samesite="lax", secure=secure
            )

    async def enter(self, user_id: UUID | None, room_id: UUID | None = None) -> None:
        """Raises a `Problem` where the door stays shut."""
        await self._door.enter(user_id, room_id, device=self._device, address=self._address)


async def _entry(request: Request, response: Response) -> Entry:
    return Entry(request, response)


EntryDep = Annotated[Entry, Depends(_entry)]
