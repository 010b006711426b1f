"""Every router of moderation."""

from .cases.endpoints import router as cases

ROUTERS = [cases]
