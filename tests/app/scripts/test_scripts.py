"""A script is planned, run, and what really happened stands beside it."""

from app.core.auth import Role
from app.core.clock import ManualClock
from app.core.events import staff_topic
from app.core.http import Services
from app.core.ids import new_id
from app.rooms import service as rooms
from tests.builders import create_product, create_room
from tests.conftest import LogIn


async def test_steps_pin_price_and_give_as_they_are_begun(
    services: Services, clock: ManualClock, log_in: LogIn
) -> None:
    host, viewer = await log_in(Role.HOST), await log_in()
    mask, lipstick = await create_product(services.db), await create_product(services.db, "口红")
    room_id = await create_room(services, host.principal, [mask, lipstick])
    path = f"/api/rooms/{room_id}/script"
    packet = {"kind": "red_packet", "total_cents": 1_000, "shares": 10}
    plan = [
        {"title": "开场", "note": "欢迎大家"},
        {"title": "面膜", "product_id": str(mask), "price_cents": 7_900},
        {"title": "口红", "product_id": str(lipstick), "draw": packet},
    ]
    written = (await host.client.put(path, json={"steps": plan})).json()
    steps = written["steps"]
    assert [(step["position"], step["title"]) for step in steps] == [(1, "开场"), (2, "面膜"), (3, "口红")]
    early = await host.client.post(f"{path}/begin", json={"step_id": steps[0]["id"]})
    assert (early.status_code, early.json()["code"]) == (409, "room_not_live")
    await rooms.start(services.db, clock, host.principal, room_id)
    for index in (0, 1, 2, 1, 2):
        begun = await host.client.post(f"{path}/begin", json={"step_id": steps[index]["id"]})
        assert begun.status_code == 200
        clock.advance(30)

    snapshot = (await viewer.client.get(f"/api/rooms/{room_id}/snapshot")).json()
    assert [pin["product_id"] for pin in snapshot["pins"]] == [str(lipstick)]
    assert snapshot["products"][0]["product"]["skus"][0]["price_cents"] == 7_900
    packets = (await viewer.client.get(f"/api/rooms/{room_id}/red-packets")).json()["items"]
    assert [item["total_cents"] for item in packets] == [1_000]
    shown = (await host.client.get(path)).json()
    assert shown["current_id"] == steps[2]["id"]
    moments = [(moment["position"], moment["pinned"]) for moment in shown["moments"]]
    pinned = {1: [], 2: [str(mask)], 3: [str(lipstick)]}
    assert moments == [(position, pinned[position]) for position in (1, 2, 3, 2, 3)]
    told = [entry.event.type for entry in await services.bus.read_after(staff_topic(room_id), 0)]
    assert told.count("script.step") == 5

    changed = await host.client.put(path, json={"steps": [plan[0] | {"id": steps[0]["id"]}]})
    assert [step["id"] for step in changed.json()["steps"]] == [steps[0]["id"]]
    assert len(changed.json()["moments"]) == 5


async def test_strangers_and_wrong_scripts_change_nothing(services: Services, log_in: LogIn) -> None:
    host, stranger = await log_in(Role.HOST), await log_in(Role.HOST)
    room_id = await create_room(services, host.principal, [])
    path = f"/api/rooms/{room_id}/script"
    step = {"title": "开场"}
    assert (await stranger.client.put(path, json={"steps": [step]})).status_code == 403
    assert (await stranger.client.get(path)).status_code == 403
    for wrong in (
        {"title": ""},
        {"title": "x", "price_cents": 100},
        {"title": "x", "product_id": str(new_id())},
        {"title": "x", "draw": {"kind": "lottery"}},
    ):
        assert (await host.client.put(path, json={"steps": [wrong]})).status_code == 422
    foreign = await host.client.put(path, json={"steps": [step | {"id": str(new_id())}]})
    assert (foreign.status_code, foreign.json()["code"]) == (404, "step_not_found")
    assert (await host.client.get(path)).json() == {"steps": [], "moments": [], "current_id": None}
