"""Every router of moderation."""

from .appeals.endpoints import router as appeals
from .audit.endpoints import router as audit
from .cases.endpoints import clips
from .cases.endpoints import router as cases
from .policies.endpoints import router as policies
from .reports.endpoints import router as reports
from .sanctions.endpoints import router as sanctions

ROUTERS = [cases, clips, policies, sanctions, reports, appeals, audit]
