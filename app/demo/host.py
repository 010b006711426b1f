"""A host who needs no camera: logs in like everybody, asks for a WHIP token, goes live, comes back."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import structlog

from app.demo import HOST, PASSWORD
from app.demo.programme import Listed, compose
from app.identity.service import COOKIE
from app.settings import Settings
from media.sample import SampleHost

RETRY_S = 1.0

log = structlog.get_logger()


class Studio:
    """What the host's own page does, over the same API."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self.room_id = ""

    async def enter(self) -> None:
        """Log in and find the room; tries until the web role answers."""
        while True:
            try:
                await self._log_in()
                rooms = (await self._http.get("/api/rooms/mine")).raise_for_status().json()["items"]
            except httpx.HTTPStatusError as refused:
                log.warning("the demo host is not let in", error=str(refused))
            except httpx.HTTPError:
                log.debug("the web role does not answer yet", exc_info=True)
            else:
                open_rooms = [room for room in rooms if room["status"] != "ended"]
                if open_rooms:
                    self.room_id = open_rooms[0]["id"]
                    return
            await asyncio.sleep(RETRY_S)

    async def _log_in(self) -> None:
        """Within the machine there is no https, which a cookie jar would wait for with a secure cookie."""
        credentials = {"email": HOST.email, "password": PASSWORD}
        answer = (await self._http.post("/api/auth/login", json=credentials)).raise_for_status()
        self._http.headers["Cookie"] = f"{COOKIE}={answer.cookies[COOKIE]}"

    async def products(self) -> list[dict[str, Any]]:
        """The products of the room's queue."""
        snapshot = (await self._http.get(f"/api/rooms/{self.room_id}/snapshot")).raise_for_status().json()
        return [item["product"] for item in snapshot["products"]]

    async def access(self) -> dict[str, str]:
        """`url` and `token` for WHIP."""
        answer = (await self._http.post(f"/api/rooms/{self.room_id}/tokens")).raise_for_status()
        access: dict[str, str] = answer.json()["whip"]
        return access


async def run(settings: Settings) -> None:
    """Be live in the demo room until cancelled."""
    base_url = f"http://{settings.bind}:{settings.web_port}"
    async with httpx.AsyncClient(base_url=base_url, trust_env=False) as http:
        studio = Studio(http)
        await studio.enter()
        pictures = await _pictures(http, await studio.products(), settings.data_dir / "demo")
        programme = await asyncio.to_thread(compose, settings.data_dir / "demo", pictures.__getitem__)

        async def token() -> str:
            return (await studio.access())["token"]

        host = SampleHost(
            (await studio.access())["url"],
            token,
            programme,
            on_state=lambda state: log.info("demo host", state=state),
        )
        await host.run()


async def _pictures(
    http: httpx.AsyncClient, products: list[dict[str, Any]], directory: Path
) -> dict[str, Listed]:
    """Each product by its slug, its picture fetched into `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    found = {}
    for product in products:
        picture = None
        if product["image_url"]:
            picture = directory / f"{product['slug']}{Path(product['image_url']).suffix}"
            picture.write_bytes((await http.get(product["image_url"])).raise_for_status().content)
        found[product["slug"]] = Listed(product["name"], product["name_en"], picture)
    return found
