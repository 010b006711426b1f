"""Web push (RFC 8030), encrypted (RFC 8291), signed by this platform's own key (VAPID, RFC 8292)."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from urllib.parse import urlsplit

import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from py_vapid import Vapid02
from pywebpush import WebPushException, webpush

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
TTL_S = 3_600
TIMEOUT_S = 10.0
GONE = (404, 410)


class PushFailed(Exception):
    """The push service did not take it; `gone`: the browser does not want to hear any more."""

    def __init__(self, message: str, *, gone: bool) -> None:
        super().__init__(message)
        self.gone = gone


@dataclass(frozen=True, slots=True)
class Subscription:
    """A browser that asked to be told, as its PushManager describes it."""

    endpoint: str
    p256dh: str
    auth: str


class Pusher:
    """Sends to browsers. `contact` (mailto: or https:) tells push services whom to ask."""

    def __init__(self, secret: str, contact: str, hosts: Sequence[str]) -> None:
        """`secret`: the platform's signing secret, from which the key is made: the same in every process.

        `hosts`: where push services may be, as `name[:port]` patterns, `http://name:port` for one in one's
        own network; nothing is sent anywhere else.
        """
        self._key = _private_key(secret)
        self._vapid = Vapid02(self._key)
        self._contact = contact
        self._hosts = hosts

    @property
    def public_key(self) -> str:
        """What a browser subscribes with: the uncompressed point, base64url."""
        point = self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return base64.urlsafe_b64encode(point).rstrip(b"=").decode()

    def accepts(self, endpoint: str) -> bool:
        """True for an address at a push service that is allowed; always https, unless it is named with http."""
        url = urlsplit(endpoint)
        if url.scheme == "https":
            return any(fnmatch(url.netloc.lower(), host) for host in self._hosts)
        return url.scheme == "http" and f"http://{url.netloc}" in self._hosts

    def send(self, subscription: Subscription, body: str) -> None:
        """Blocking; raises PushFailed."""
        try:
            webpush(
                {
                    "endpoint": subscription.endpoint,
                    "keys": {"p256dh": subscription.p256dh, "auth": subscription.auth},
                },
                body,
                vapid_private_key=self._vapid,
                vapid_claims={"sub": self._contact},
                ttl=TTL_S,
                timeout=TIMEOUT_S,
            )
        except WebPushException as error:
            status = error.response.status_code if error.response is not None else 0
            raise PushFailed(f"the push service answered {status}", gone=status in GONE) from error
        except (requests.RequestException, ValueError) as error:
            raise PushFailed(type(error).__name__, gone=isinstance(error, ValueError)) from error


def _private_key(secret: str) -> ec.EllipticCurvePrivateKey:
    made = HKDF(hashes.SHA256(), length=48, salt=None, info=b"shopcast web push").derive(secret.encode())
    return ec.derive_private_key(int.from_bytes(made, "big") % (P256_ORDER - 1) + 1, ec.SECP256R1())
