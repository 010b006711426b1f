"""Telling followers who are elsewhere that a show has begun: on their browsers and by e-mail."""

import asyncio
import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

import orjson
import structlog

from app.core.db import Database
from app.engagement.notices import repository
from app.engagement.notices.mail import Mailer
from app.engagement.notices.push import Pusher, PushFailed, Subscription
from app.rooms import service as rooms
from app.settings import Settings

PUSHES_AT_ONCE = 20
TEXTS = {
    "zh-CN": ("{host} 开播了", "{title}", "{host} 正在直播：{title}\n\n{url}\n\n取消关注后就不会再收到。\n"),
    "en": (
        "{host} is live",
        "{title}",
        "{host} is live now: {title}\n\n{url}\n\nUnfollow the host to hear no more of it.\n",
    ),
}
"""Subject, line and letter in each language."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Notices:
    """How people are told. `mailer` is None where no SMTP server is set; `web_url`: where the pages are."""

    pusher: Pusher
    mailer: Mailer | None
    web_url: str

    @classmethod
    def of(cls, settings: Settings) -> Self:
        smtp_url = settings.smtp_url.get_secret_value() if settings.smtp_url else None
        contact = f"mailto:{settings.mail_from}"
        return cls(
            pusher=Pusher(settings.signing_secret(), contact, settings.push_hosts),
            mailer=Mailer(smtp_url, settings.mail_from) if smtp_url else None,
            web_url=(settings.public_url or f"http://127.0.0.1:{settings.web_port}").rstrip("/"),
        )


async def tell(db: Database, notices: Notices, room_id: UUID, user_ids: Sequence[UUID]) -> tuple[int, int]:
    """Push and write to these followers of the host of a live room: (browsers, letters) that took it."""
    async with db.transaction() as tx:
        room = await rooms.get(tx, room_id)
        if room["status"] != "live":
            return 0, 0
        browsers = await repository.subscriptions(tx, user_ids)
        people = await repository.addressees(tx, room["host_id"], user_ids) if notices.mailer else []
    url = f"{notices.web_url}/rooms/{room_id}"
    said = {"host": room["host_name"], "title": room["title"], "url": url}
    pushed, gone = await _push(notices.pusher, browsers, said, f"live-{room_id}")
    if gone:
        async with db.transaction() as tx:
            await repository.forget(tx, gone)
    mailer = notices.mailer
    if mailer is None or not people:
        return pushed, 0
    letters = [
        mailer.message(
            person["email"], _line(person["locale"], 0, said), _text(person["locale"])[2].format(**said)
        )
        for person in people
    ]
    try:
        return pushed, await asyncio.to_thread(mailer.send, letters)
    except (OSError, smtplib.SMTPException) as error:
        log.warning("letters not sent", count=len(letters), error=type(error).__name__)
        return pushed, 0


async def _push(
    pusher: Pusher, browsers: Sequence[tuple[str, Subscription]], said: dict[str, str], tag: str
) -> tuple[int, list[str]]:
    """How many took it, and the addresses of those that are no more."""
    at_once = asyncio.Semaphore(PUSHES_AT_ONCE)
    gone: list[str] = []

    async def push(locale: str, browser: Subscription) -> bool:
        shown = {
            "title": _line(locale, 0, said),
            "body": _line(locale, 1, said),
            "url": said["url"],
            "tag": tag,
        }
        async with at_once:
            try:
                await asyncio.to_thread(pusher.send, browser, orjson.dumps(shown).decode())
            except PushFailed as failure:
                if failure.gone:
                    gone.append(browser.endpoint)
                else:
                    log.warning("not pushed", error=str(failure))
                return False
        return True

    told = await asyncio.gather(*(push(locale, browser) for locale, browser in browsers))
    return sum(told), gone


def _text(locale: str) -> tuple[str, str, str]:
    return TEXTS.get(locale, TEXTS["en"])


def _line(locale: str, part: int, said: dict[str, str]) -> str:
    """One line: what hosts write must not break out of a header."""
    return " ".join(_text(locale)[part].format(**said).split())
