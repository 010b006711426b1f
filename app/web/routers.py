"""Every router of the API."""

from app.identity.endpoints import router as identity
from app.rooms.endpoints import router as rooms
from app.web.health import router as health

ROUTERS = [health, identity, rooms]
