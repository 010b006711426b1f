"""What selling in a show means for its recording."""

from app.adapters.recordings import SalesRetention
from app.core.auth import Role
from app.core.http import Services
from tests.builders import create_room
from tests.commerce.conftest import Shop
from tests.conftest import LogIn


async def test_a_show_that_sold_something_is_kept_longer(
    shop: Shop, services: Services, log_in: LogIn
) -> None:
    host = (await log_in(Role.HOST)).principal
    sold, other = [await create_room(services, host, []) for _ in range(2)]
    await shop.order(await shop.sku(), room_id=str(sold))
    retention = SalesRetention(services.db, days=90, days_with_orders=1095)
    assert await retention.days(str(sold)) == 1095
    assert await retention.days(str(other)) == 90
