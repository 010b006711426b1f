"""Every router of moderation."""

from .cases.endpoints import router as cases
from .policies.endpoints import router as policies

ROUTERS = [cases, policies]
