"""From what the audience did to what the host is told."""

import csv
import io
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import polars

from app.core.auth import Role
from app.core.clock import ManualClock
from app.core.http import Services
from app.core.ids import new_id
from app.engagement.counters import likes_key, viewers_key
from app.insights import repository
from app.insights.tasks import sample_rooms
from app.rooms import service as rooms
from tests.builders import create_product, create_room
from tests.conftest import LogIn


def event(kind: str, at: datetime, product_id: UUID | None = None, **more: str) -> dict[str, Any]:
    return {
        "id": str(new_id()),
        "kind": kind,
        "at": at.isoformat(),
        "product_id": str(product_id) if product_id else None,
    } | more


async def test_each_explanation_window_knows_its_viewers_clicks_orders_and_revenue(
    services: Services, clock: ManualClock, log_in: LogIn, api: httpx.AsyncClient
) -> None:
    host, buyer = await log_in(Role.HOST), await log_in()
    mask, lipstick = await create_product(services.db), await create_product(services.db, "=口红")
    room_id = await create_room(services, host.principal, [mask, lipstick])
    path = f"/api/rooms/{room_id}/audience-events"
    await rooms.start(services.db, clock, host.principal, room_id)
    await host.client.post(f"/api/rooms/{room_id}/pins", json={"product_id": str(mask)})
    clock.advance(10)
    now = clock.now()
    first = event("card_shown", now, mask)
    for _ in range(2):
        answer = await api.post(
            path, json={"visitor": "a", "events": [event("seen", now, source="wechat"), first]}
        )
        assert answer.status_code == 202
    clicked = [
        event(kind, now, mask) for kind in ("card_shown", "card_clicked", "card_clicked", "sku_chosen")
    ]
    await buyer.client.post(path, json={"visitor": "b", "events": clicked})
    product = (await api.get(f"/api/rooms/{room_id}/snapshot")).json()["products"][0]["product"]
    order = await buyer.client.post(
        "/api/orders",
        json={"room_id": str(room_id), "lines": [{"sku_id": product["skus"][0]["id"], "quantity": 2}]},
        headers={"Idempotency-Key": new_id().hex},
    )
    assert order.status_code == 201
    async with services.db.transaction() as tx:
        await tx.execute("UPDATE orders SET status = 'paid', paid_at = created_at")
    clock.advance(10)
    await host.client.delete(f"/api/rooms/{room_id}/pins/{mask}")
    await host.client.post(f"/api/rooms/{room_id}/pins", json={"product_id": str(lipstick)})
    clock.advance(10)
    await api.post(path, json={"visitor": "a", "events": [event("card_shown", clock.now(), lipstick)]})

    shown = (await host.client.get(f"/api/rooms/{room_id}/insights")).json()
    total_cents = order.json()["lines"][0]["total_cents"]
    reach = {
        "viewers": 2,
        "clicks": 1,
        "chose_sku": 1,
        "ordered": 1,
        "orders": 1,
        "revenue_cents": total_cents,
    }
    reach |= {"questions": 0, "click_through": 0.5, "conversion": 0.5}
    nothing = dict.fromkeys(reach, 0)
    [by_mask, by_lipstick] = shown["windows"]
    assert {name: by_mask[name] for name in reach} == reach
    assert {name: by_lipstick[name] for name in reach} == nothing | {"viewers": 1}
    assert [{name: item[name] for name in reach} for item in shown["products"]] == [
        reach,
        nothing | {"viewers": 1},
    ]
    assert shown["funnel"] == {
        "seen": 1,
        "card_shown": 2,
        "card_clicked": 1,
        "sku_chosen": 1,
        "ordered": 1,
        "paid": 1,
    }
    assert shown["sources"] == {"wechat": 1}
    assert [(mark["kind"], mark["label"]) for mark in shown["marks"]] == [
        ("pin", "玻尿酸补水面膜"),
        ("pin", "=口红"),
    ]
    assert [(item["clicks"], item["orders"], item["revenue_cents"]) for item in shown["activity"]] == [
        (1, 1, order.json()["total_cents"])
    ]
    [names, _, second] = csv.reader(
        (await host.client.get(f"/api/rooms/{room_id}/insights/windows.csv")).text.splitlines()
    )
    assert second[names.index("name")] == "'=口红"
    parquet = await host.client.get(f"/api/rooms/{room_id}/insights/events.parquet")
    events = polars.read_parquet(io.BytesIO(parquet.content))
    assert events["kind"].value_counts(sort=True).sort("kind").rows() == [
        ("card_clicked", 2),
        ("card_shown", 3),
        ("ordered", 1),
        ("paid", 1),
        ("seen", 2),
        ("sku_chosen", 1),
    ]
    assert events.filter(polars.col("kind") == "paid")["amount_cents"].to_list() == [total_cents]
    assert (await api.get(f"/api/rooms/{room_id}/insights/events.csv")).status_code == 401
    assert (await buyer.client.get(f"/api/rooms/{room_id}/insights/talk.csv")).status_code == 403


async def test_the_trend_is_sampled_from_the_counters(
    services: Services, clock: ManualClock, log_in: LogIn
) -> None:
    host = await log_in(Role.HOST)
    room_id = await create_room(services, host.principal, [])
    await rooms.start(services.db, clock, host.principal, room_id)
    for viewers, likes in ((10, 5), (30, 50), (20, 60)):
        await services.redis.set(viewers_key(room_id), viewers)
        await services.redis.set(likes_key(room_id), likes)
        for _ in range(2):
            await sample_rooms(services)
        clock.advance(15)
    shown = (await host.client.get(f"/api/rooms/{room_id}/insights")).json()
    assert [(sample["viewers"], sample["likes"]) for sample in shown["trend"]] == [
        (10, 5),
        (30, 50),
        (20, 60),
    ]
    assert (shown["peak_viewers"], shown["average_viewers"]) == (30, 20.0)
    assert (shown["people"], shown["average_watch_s"]) == (0, 0.0)


async def test_bad_reports_and_strangers_get_nothing(
    services: Services, clock: ManualClock, log_in: LogIn, api: httpx.AsyncClient
) -> None:
    host, stranger = await log_in(Role.HOST), await log_in()
    room_id = await create_room(services, host.principal, [])
    path, now = f"/api/rooms/{room_id}/audience-events", clock.now()
    for events in (
        [],
        [event("seen", now)] * 51,
        [event("seen", now, new_id())],
        [event("card_shown", now)],
        [event("paid", now, new_id())],
        [event("seen", now - timedelta(hours=1))],
        [event("seen", now, source="x" * 41)],
    ):
        assert (await api.post(path, json={"visitor": "a", "events": events})).status_code == 422
    strange = {"visitor": "a", "events": [event("card_shown", now, new_id())]}
    assert (await api.post(path, json=strange)).status_code == 202
    nowhere = await api.post(
        f"/api/rooms/{new_id()}/audience-events", json={"visitor": "a", "events": [event("seen", now)]}
    )
    assert nowhere.status_code == 202
    async with services.db.transaction() as tx:
        assert (await repository.funnel(tx, room_id))["seen"] == 0
    assert (await stranger.client.get(f"/api/rooms/{room_id}/insights")).status_code == 403
    assert (await api.get(f"/api/rooms/{room_id}/insights")).status_code == 401
