"""What the listener heard, as viewers and the host get it."""

from uuid import UUID, uuid4

from app.core.auth import Role
from app.core.events import room_topic, staff_topic
from app.core.http import Services
from app.rooms import heard
from app.rooms.heard import Heard
from tests.builders import create_product, create_room
from tests.conftest import LogIn

EVIDENCE = {"text": "今天只要九十九", "score": 0.9, "rule": "price"}


async def test_final_text_takes_the_place_of_partial_text(log_in: LogIn, services: Services) -> None:
    host = await log_in(Role.HOST)
    room_id = await create_room(services, host.principal, [])
    sentence = Heard(uuid4(), "s1", "首先给大家带来", "zh", 11.6, 13.0)
    whole = Heard(sentence.id, "s1", "首先给大家带来面膜", "zh", 11.6, 14.2)
    await heard.partial(services.bus, room_id, sentence)
    await heard.final(services.db, services.clock, room_id, whole)
    await heard.final(services.db, services.clock, room_id, whole)
    events = [entry.event for entry in await services.bus.read_after(room_topic(room_id), 0)]
    captions = [(event.type, event.data["text"]) for event in events if event.type.startswith("caption")]
    assert captions[:2] == [("caption.partial", "首先给大家带来"), ("caption.final", "首先给大家带来面膜")]
    transcript = (await host.client.get(f"/api/rooms/{room_id}/transcript")).json()["items"]
    assert [(item["id"], item["text"], item["start_s"]) for item in transcript] == [
        (str(sentence.id), "首先给大家带来面膜", 11.6)
    ]
    found = await host.client.get(f"/api/rooms/{room_id}/transcript", params={"contains": "面膜"})
    missed = await host.client.get(f"/api/rooms/{room_id}/transcript", params={"contains": "口红"})
    assert (len(found.json()["items"]), missed.json()["items"]) == (1, [])


async def test_a_cue_reaches_the_staff_alone_until_it_is_decided(log_in: LogIn, services: Services) -> None:
    host, viewer = await log_in(Role.HOST), await log_in()
    mask = await create_product(services.db)
    room_id = await create_room(services, host.principal, [mask])
    cue = await heard.cue(
        services.db,
        services.clock,
        room_id,
        "warning.price",
        product_id=mask,
        data={"said": 9900, "held": 12900},
        evidence=EVIDENCE,
    )
    staff = [entry.event for entry in await services.bus.read_after(staff_topic(room_id), 0)]
    assert [(event.type, event.data["data"]) for event in staff] == [
        ("cue.warning", {"said": 9900, "held": 12900})
    ]
    path = f"/api/rooms/{room_id}/snapshot"
    assert (await viewer.client.get(path)).json()["cues"] == []
    assert [item["id"] for item in (await host.client.get(path)).json()["cues"]] == [str(cue.id)]
    decide = f"/api/rooms/{room_id}/cues/{cue.id}/dismiss"
    assert (await viewer.client.post(decide)).status_code == 403
    assert (await host.client.post(decide)).status_code == 204
    assert (await host.client.post(decide)).json()["code"] == "cue_gone"
    assert (await host.client.get(path)).json()["cues"] == []


async def test_what_is_heard_again_takes_the_place_of_the_cue_before(
    log_in: LogIn, services: Services
) -> None:
    host = await log_in(Role.HOST)
    products = [await create_product(services.db) for _ in range(2)]
    room_id = await create_room(services, host.principal, products)

    async def hear(kind: str, product_id: UUID | None) -> str:
        cue = await heard.cue(
            services.db, services.clock, room_id, kind, product_id=product_id, data={}, evidence=EVIDENCE
        )
        return str(cue.id)

    first = await hear("offer.open_link", products[0])
    others = [("offer.open_link", products[1]), ("offer.raffle", None)]
    claims = [("warning.claim", None), ("warning.claim", None)]
    kept = [await hear(kind, product_id) for kind, product_id in (*others, *claims)]
    again = await hear("offer.open_link", products[0])

    snapshot = (await host.client.get(f"/api/rooms/{room_id}/snapshot")).json()
    assert [item["id"] for item in snapshot["cues"]] == [*kept, again]
    staff = [entry.event for entry in await services.bus.read_after(staff_topic(room_id), 0)]
    assert [event.data for event in staff if event.type == "cue.closed"] == [
        {"id": first, "status": "superseded"}
    ]


async def test_an_explanation_keeps_its_words(log_in: LogIn, services: Services) -> None:
    host = await log_in(Role.HOST)
    mask = await create_product(services.db)
    room_id = await create_room(services, host.principal, [mask])
    sentences = [
        Heard(uuid4(), "s1", text, "zh", at, at + 2) for at, text in [(1.0, "来看面膜"), (4.0, "很补水")]
    ]
    for sentence in sentences:
        await heard.final(services.db, services.clock, room_id, sentence)
    await heard.explained(
        services.db,
        services.clock,
        room_id,
        mask,
        start_s=1.0,
        end_s=6.0,
        segment_ids=[sentence.id for sentence in sentences],
    )
    [window] = (await host.client.get(f"/api/rooms/{room_id}/explanations")).json()["items"]
    assert window["session"] == "s1"
    assert (window["product_id"], window["start_s"], window["end_s"], window["words"]) == (
        str(mask),
        1.0,
        6.0,
        "来看面膜 很补水",
    )


async def test_the_spoken_price_counts_in_this_room_alone(log_in: LogIn, services: Services) -> None:
    host, viewer = await log_in(Role.HOST), await log_in()
    mask = await create_product(services.db, price_cents=12900)
    here = await create_room(services, host.principal, [mask])
    elsewhere = await create_room(services, host.principal, [mask])
    cue = await heard.cue(
        services.db,
        services.clock,
        here,
        "warning.price",
        product_id=mask,
        data={"said": 9900, "held": 12900},
        evidence=EVIDENCE,
    )
    path = f"/api/rooms/{here}/cues/{cue.id}/apply"
    assert (await viewer.client.post(path)).status_code == 403
    assert (await host.client.post(path)).status_code == 200
    assert (await host.client.post(path)).json()["code"] == "cue_gone"
    skus = [
        (await viewer.client.get(f"/api/rooms/{room}/snapshot")).json()["products"][0]["product"]["skus"][0]
        for room in (here, elsewhere)
    ]
    assert [sku["price_cents"] for sku in skus] == [9900, 12900]
    order = await viewer.client.post(
        "/api/orders",
        json={"room_id": str(here), "lines": [{"sku_id": skus[0]["id"], "quantity": 2}]},
        headers={"Idempotency-Key": "the-spoken-price"},
    )
    assert (order.status_code, order.json()["items_cents"]) == (201, 19800)
