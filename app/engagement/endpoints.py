"""Every router of what the audience does besides talking."""

from app.engagement.red_packets.endpoints import router as red_packets

ROUTERS = [red_packets]
