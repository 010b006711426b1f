"""Every router of what the audience does besides talking."""

from app.engagement.coupon_drops.endpoints import router as coupon_drops
from app.engagement.flash_sales.endpoints import router as flash_sales
from app.engagement.follows.endpoints import router as follows
from app.engagement.fortune_bags.endpoints import router as fortune_bags
from app.engagement.notices.endpoints import router as notices
from app.engagement.polls.endpoints import router as polls
from app.engagement.red_packets.endpoints import router as red_packets

ROUTERS = [follows, red_packets, fortune_bags, polls, coupon_drops, flash_sales, notices]
