"""Every router of the API."""

from ai.assistant.endpoints import router as assistant
from app.chat.endpoints import router as chat
from app.engagement.endpoints import ROUTERS as ENGAGEMENT
from app.identity.admin import router as accounts
from app.identity.appeals import router as excluded
from app.identity.endpoints import router as identity
from app.insights.endpoints import router as insights
from app.privacy.endpoints import router as privacy
from app.rooms.endpoints import router as rooms
from app.scripts.endpoints import router as scripts
from app.web.health import router as health
from commerce.endpoints import ROUTERS as COMMERCE
from moderation.endpoints import ROUTERS as MODERATION

# Matched one after the other: what a crowd does at once (ordering) comes first.
ROUTERS = [
    *COMMERCE,
    *MODERATION,
    health,
    identity,
    accounts,
    excluded,
    privacy,
    rooms,
    chat,
    assistant,
    *ENGAGEMENT,
    insights,
    scripts,
]
