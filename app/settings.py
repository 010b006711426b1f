"""Every setting of every role: `SHOPCAST_*` variables, or the same names in a file `.env`."""

import secrets
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read once at the start of a process and handed on; nothing else reads the environment."""

    model_config = SettingsConfigDict(env_prefix="SHOPCAST_", env_file=".env", extra="ignore")

    data_dir: Path = Path("data")
    """Everything that is written: databases, keys, pictures, recordings."""
    database_url: str | None = Field(
        None, validation_alias=AliasChoices("SHOPCAST_DATABASE_URL", "DATABASE_URL")
    )
    """PostgreSQL 16+ with pgvector. None: `shopcast up` starts one from its wheel."""
    redis_url: str | None = Field(None, validation_alias=AliasChoices("SHOPCAST_REDIS_URL", "REDIS_URL"))
    secret_key: SecretStr | None = None
    """Signs tokens; at least 32 bytes. None: made once and kept in `data_dir`."""

    bind: str = "127.0.0.1"
    """The address that every role listens on; 0.0.0.0 for all."""
    web_port: int = 8000
    gateway_port: int = 8001
    media_port: int = 8002
    sandbox_port: int = 8003
    public_url: str | None = None
    """Where browsers reach the web role, such as https://shop.example; None: as they asked for it."""
    gateway_url: str | None = None
    """Where browsers reach the gateway, such as wss://live.example/ws; None: same host, `gateway_port`."""
    media_url: str | None = None
    """Where browsers reach the media role; None: same host, `media_port`."""
    media_hosts: list[str] = []
    """Addresses at which clients reach the media role's UDP port (`media_port`); empty: this machine's own."""
    allowed_origins: list[str] | None = None
    """Pages that may open WebSockets, such as https://shop.example; None: any, the token alone decides."""
    chat_per_s: float = 30.0
    """How many chat messages a second a viewer is shown at most; the rest of a flood is left out."""
    metrics_token: SecretStr | None = None
    """The bearer token with which Prometheus reads /metrics; None: only administrators may."""
    secure_cookies: bool = False
    """Set it wherever the pages are served over https."""
    ice_servers: list[str] = []
    """STUN and TURN addresses for browsers that are not on the same network."""

    media_engine: Literal["embedded", "janus"] = "embedded"
    """What terminates WebRTC: our own engine in the media role, or a Janus that runs beside it."""
    janus_url: str = "http://127.0.0.1:8088/janus"
    """Janus's HTTP API, for `media_engine` janus."""
    janus_api_secret: SecretStr | None = None
    janus_tap_host: str = "127.0.0.1"
    """This machine's address as Janus reaches it: sound and pictures for the AI and HLS are sent there."""
    media_max_viewers: int = 2_000
    """How many watch by WebRTC on one media node at most; the others are sent to HLS."""
    media_node: str | None = None
    """This media node's name among several; None: host name and port."""
    media_node_url: str | None = None
    """Where other media nodes reach this one's HTTP, such as http://10.0.0.5:8002; None: there is only one."""
    frame_interval_s: float | None = 3.0
    """Every how many seconds a picture is taken for screening; None: never."""

    renditions: list[int] = []
    """Smaller pictures beside the host's own, by their shorter edge, such as [480, 360]; empty: none."""
    rtmp_port: int | None = None
    """Where encoders without WHIP publish by RTMP, commonly 1935; None: nowhere."""
    hls: bool = True
    """Low-latency HLS beside WebRTC; recordings need it."""
    hls_window_s: float = 7200
    """How far back a live stream can be watched, as far as it is recorded."""
    record: bool = True
    """Write every stream to `data_dir`/recordings."""
    recording_days: int = 90
    """How long a recording is kept; negative: for ever."""
    recording_days_with_orders: int = 1095
    """The same where something was sold: three years, as Chinese law asks of live commerce."""

    smtp_url: SecretStr | None = None
    """Sends letters to followers: smtp://user:password@host:587 or smtps://…; None: no letters are sent."""
    mail_from: str = "shopcast@localhost"
    """The sender's address, and the contact that push services are given."""
    push_hosts: list[str] = [
        *("fcm.googleapis.com", "updates.push.services.mozilla.com"),
        *("*.push.apple.com", "*.notify.windows.com"),
    ]
    """Push services that browsers may name."""

    s3_bucket: str | None = None
    """Product pictures go to this bucket of an S3-compatible store (extra `s3`); None: to `data_dir`."""
    s3_endpoint: str | None = None
    """Such as https://minio.example:9000; None: Amazon's own."""
    s3_region: str | None = None
    s3_prefix: str = "pictures/"
    s3_access_key: str | None = None
    s3_secret_key: SecretStr | None = None
    """Without keys: from the environment or the machine's role, as boto3 looks for them."""

    session_days: int = 30
    fee_bps: int = 60
    """What payment services keep of an amount paid, in basis points; reconciliation compares it."""
    commission_bps: int = 500
    """What the platform keeps of the goods' price."""
    host_bps: int = 1_000
    """What the host of the live room gets of the goods' price."""
    sandbox_admin_token: SecretStr | None = None
    """Opens the sandbox gateway's `/admin`; None: made once and kept in `data_dir`/keys."""
    payment_minutes: int = 15
    """How long stock is held for an unpaid order."""
    whisper_model: str = "base"
    """A faster-whisper model: `base` from its wheels, any name on the hub, or a directory."""
    pin_min_on_screen_s: float = Field(default=2.0, ge=0)
    """So long an automatic pin stays at least; what is presented meanwhile follows then."""
    pin_repin_gap_s: float = Field(default=4.0, ge=0)
    """A product that has just been replaced is not pinned again sooner."""
    pin_expires_s: float = Field(default=600.0, gt=0)
    """An automatic pin leaves the screen when nothing was heard of its product for so long."""

    moderation_meaning: bool = True
    """Screen what people write and say by meaning too; needs the extra `models`."""
    moderation_classifier: str | None = None
    """A `transformers` text classifier that is asked besides: a directory, or a name on a hub."""
    moderation_pictures: bool = True
    """Look at frames of live streams and at catalogue pictures; needs the extra `models`."""

    llm_url: str | None = None
    """An OpenAI-compatible endpoint ending in /v1 that words the assistant's answers; None: facts alone."""
    llm_model: str = "default"
    llm_api_key: SecretStr | None = None

    def signing_secret(self) -> str:
        """`secret_key`, or the one kept in `data_dir` (made on first use, readable by its owner alone)."""
        if self.secret_key is not None:
            return self.secret_key.get_secret_value()
        path = self.data_dir / "secret.key"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(48))
        return path.read_text()
