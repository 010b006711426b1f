"""Dropped coupons: one each, never more than there are, each a code that counts once."""

import asyncio
from uuid import UUID

import httpx

from app.core.clock import ManualClock
from app.core.events import room_topic
from app.core.http import Services
from app.core.ids import new_id
from app.engagement.coupon_drops.schemas import ClaimedCoupon
from app.engagement.coupon_drops.service import CouponDropDesk, CouponsGone
from tests.app.engagement.conftest import Crowd
from tests.builders import create_product
from tests.conftest import LogIn, User

DROP = {"title": "粉丝专享", "amount_cents": 1_000, "threshold_cents": 5_000, "quantity": 7, "open_for_s": 60}


async def test_many_hands_and_few_coupons(
    services: Services, host: User, room_id: UUID, crowd: Crowd, log_in: LogIn
) -> None:
    made = await host.client.post(f"/api/rooms/{room_id}/coupon-drops", json=DROP)
    assert made.status_code == 201
    drop_id = UUID(made.json()["id"])
    people = [person.user_id for person in await crowd(30)]
    desks = [CouponDropDesk(services.db, services.clock) for _ in range(3)]
    answers = await asyncio.gather(
        *(desks[number % 3].claim(user_id, drop_id) for number, user_id in enumerate(people + people)),
        return_exceptions=True,
    )
    won = [answer for answer in answers if isinstance(answer, ClaimedCoupon)]
    assert (len(won), len({answer.code for answer in won})) == (14, 7)
    assert sum(isinstance(answer, CouponsGone) for answer in answers) == 46
    viewer = await log_in()
    late = await viewer.client.post(f"/api/coupon-drops/{drop_id}/claim")
    assert (late.status_code, late.json()["code"]) == (409, "coupons_gone")
    [shown] = (await viewer.client.get(f"/api/rooms/{room_id}/coupon-drops")).json()["items"]
    assert (shown["claimed"], shown["quantity"]) == (7, 7)
    events = [entry.event for entry in await services.bus.read_after(room_topic(room_id), 0)]
    told = [event.data["claimed"] for event in events if event.type == "coupon_drop.claimed"]
    assert (told[-1], sorted(told)) == (7, told)


async def test_a_taken_coupon_lowers_the_price_once_in_this_room(
    services: Services, clock: ManualClock, host: User, room_id: UUID, log_in: LogIn
) -> None:
    product = await create_product(services.db)
    await host.client.put(f"/api/rooms/{room_id}/products", json={"product_ids": [str(product)]})
    drop_id = (await host.client.post(f"/api/rooms/{room_id}/coupon-drops", json=DROP)).json()["id"]
    buyer = await log_in()
    coupon = (await buyer.client.post(f"/api/coupon-drops/{drop_id}/claim")).json()
    assert (await buyer.client.post(f"/api/coupon-drops/{drop_id}/claim")).json() == coupon
    assert (await buyer.client.get(f"/api/rooms/{room_id}/coupon-drops/mine")).json() == [coupon]
    snapshot = (await buyer.client.get(f"/api/rooms/{room_id}/snapshot")).json()
    sku_id = snapshot["products"][0]["product"]["skus"][0]["id"]

    async def buy(room: UUID | None) -> httpx.Response:
        body = {"lines": [{"sku_id": sku_id, "quantity": 1}], "coupon_code": coupon["code"]}
        return await buyer.client.post(
            "/api/orders",
            json=body | ({"room_id": str(room)} if room else {}),
            headers={"Idempotency-Key": new_id().hex},
        )

    assert (await buy(None)).json()["reason"] == "other_room"
    bought = await buy(room_id)
    assert (bought.status_code, bought.json()["discount_cents"]) == (201, 1_000)
    [spent] = (await buyer.client.get(f"/api/rooms/{room_id}/coupon-drops/mine")).json()
    assert spent == coupon | {"used": True}
    assert (await buy(room_id)).json()["reason"] in ("used_up", "already_used")
    clock.advance(61)
    other = await log_in()
    closed = await other.client.post(f"/api/coupon-drops/{drop_id}/claim")
    assert (closed.status_code, closed.json()["code"]) == (409, "coupon_drop_closed")


async def test_only_the_host_drops_coupons_and_only_sensible_ones(
    host: User, room_id: UUID, log_in: LogIn
) -> None:
    viewer = await log_in()
    path = f"/api/rooms/{room_id}/coupon-drops"
    assert (await viewer.client.post(path, json=DROP)).status_code == 403
    for wrong in ({"rate_bps": 500}, {"amount_cents": None}, {"amount_cents": 6_000}, {"quantity": 0}):
        assert (await host.client.post(path, json=DROP | wrong)).status_code == 422
    assert (await viewer.client.get(path)).json() == {"items": []}
    assert (await viewer.client.post(f"/api/coupon-drops/{new_id()}/claim")).status_code == 404
