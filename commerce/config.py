"""What the shop needs to know of its surroundings; `app` fills it from its settings."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from commerce.catalog.s3 import S3Account


@dataclass(frozen=True, slots=True)
class CommerceConfig:
    """Places and durations. Secrets stay in files under `keys_dir`, never in here."""

    data_dir: Path
    payment_s: int = 15 * 60
    """How long stock is held for an unpaid order."""
    web_url: str = "http://127.0.0.1:8000"
    """Where a payment gateway reaches the web role with its notifications."""
    public_url: str | None = None
    """Where browsers reach the web role; None: as they asked for it."""
    sandbox_url: str = "http://127.0.0.1:8003"
    """Where the web and jobs roles reach the sandbox gateway."""
    sandbox_public_url: str | None = None
    """Where browsers reach the sandbox gateway; None: same host as the shop, port of `sandbox_url`."""
    secure_cookies: bool = False
    """Cookies go over https alone."""

    sandbox_admin_token: str | None = field(default=None, repr=False)
    """Opens the sandbox gateway's `/admin`; None: the one in `keys_dir`."""

    s3: S3Account | None = None
    """Where pictures lie; None: under `data_dir`."""

    @property
    def keys_dir(self) -> Path:
        return self.data_dir / "keys"

    @property
    def pictures_dir(self) -> Path:
        return self.data_dir / "pictures"

    @property
    def payments_file(self) -> Path:
        """The accounts at real payment services; where it is missing, the sandbox plays them."""
        return self.data_dir / "payments.toml"

    @property
    def notify_url(self) -> str:
        """Where payment services reach the web role: real ones by its public address."""
        if self.public_url and self.payments_file.exists():
            return self.public_url.rstrip("/")
        return self.web_url

    def shop_url(self, origin: str) -> str:
        """Where the browser that sent `origin` (scheme://host[:port]) reaches the shop."""
        return (self.public_url or origin).rstrip("/")

    def sandbox_shop_url(self, origin: str) -> str:
        """Where the browser that sent `origin` reaches the sandbox gateway."""
        if self.sandbox_public_url:
            return self.sandbox_public_url.rstrip("/")
        asked = urlsplit(self.shop_url(origin))
        host = f"[{asked.hostname}]" if asked.hostname and ":" in asked.hostname else asked.hostname
        return f"{asked.scheme}://{host}:{urlsplit(self.sandbox_url).port}"
