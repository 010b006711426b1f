"""The demo: a shop, five people and a host who is always live."""

from dataclasses import dataclass
from pathlib import Path

from app.core.auth import Role

DATA = Path(__file__).parent / "data"
PASSWORD = "shopcast-demo"
ROOM_TITLE = "小美的好物直播间 · Mei's finds"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody whom everybody may log in as."""

    email: str
    display_name: str
    role: Role


HOST = Account("host@demo.shopcast.example", "小美 Mei", Role.HOST)
ACCOUNTS = (
    Account("viewer@demo.shopcast.example", "小雨 Yu", Role.VIEWER),
    HOST,
    Account("merchant@demo.shopcast.example", "阿杰 Jay", Role.MERCHANT),
    Account("moderator@demo.shopcast.example", "静静 Jing", Role.MODERATOR),
    Account("admin@demo.shopcast.example", "老王 Wang", Role.ADMIN),
)


def welcome(address: str) -> str:
    """What the console says once everything runs."""
    lines = [
        "",
        f"[bold green]Shopcast is up.[/bold green] The show: [bold]{address}[/bold]",
        f"  studio      {address}/studio",
        f"  merchant    {address}/merchant/products",
        f"  moderation  {address}/moderation",
        "",
        f"Accounts, all with the password [bold]{PASSWORD}[/bold]:",
        *(f"  {account.role:<10}  {account.email}" for account in ACCOUNTS),
        "",
        "Ctrl-C stops everything.",
    ]
    return "\n".join(lines)
