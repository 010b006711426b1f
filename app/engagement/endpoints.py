"""Every router of what the audience does besides talking."""

from app.engagement.follows.endpoints import router as follows
from app.engagement.fortune_bags.endpoints import router as fortune_bags
from app.engagement.polls.endpoints import router as polls
from app.engagement.red_packets.endpoints import router as red_packets

ROUTERS = [follows, red_packets, fortune_bags, polls]
