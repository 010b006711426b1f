"""Who somebody is and what they may do; short-lived signed tokens for WebSocket, WHIP and WHEP."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, Protocol
from uuid import UUID

import jwt

from app.core.errors import Unauthenticated

Purpose = Literal["gateway", "whip", "whep"]


class Role(StrEnum):
    VIEWER = "viewer"
    HOST = "host"
    MODERATOR = "moderator"
    MERCHANT = "merchant"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking."""

    user_id: UUID
    display_name: str
    roles: frozenset[Role]

    def has(self, *roles: Role) -> bool:
        """True where any of `roles` is held; an admin holds all."""
        return Role.ADMIN in self.roles or not self.roles.isdisjoint(roles)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says: `subject` is a user's id or `guest-…`; `extra` holds what its issuer added."""

    purpose: Purpose
    subject: str
    room_id: UUID
    expires_at: datetime
    extra: dict[str, Any]


class TokenVerifier(Protocol):
    """`Tokens` fits."""

    def verify(self, token: str, purpose: Purpose) -> Claims:
        """The claims of a valid token; raises a `Problem` otherwise."""
        ...


class InvalidToken(Unauthenticated):
    code = "invalid_token"
    title = "The token is missing, forged, expired or for something else"


class Tokens:
    """Signs and verifies JSON Web Tokens (RFC 7519, HS256) for one purpose and one room each."""

    def __init__(self, secret: str) -> None:
        """`secret`: at least 32 bytes (RFC 7518 §3.2); ValueError below."""
        if len(secret.encode()) < 32:
            raise ValueError("the signing secret is too short")
        self._secret = secret

    def issue(self, purpose: Purpose, subject: str, room_id: UUID, *, ttl_s: int, **claims: Any) -> str:
        """A token valid from now for `ttl_s` seconds."""
        return jwt.encode(
            claims
            | {
                "aud": purpose,
                "sub": subject,
                "room": str(room_id),
                "exp": datetime.now(UTC) + timedelta(seconds=ttl_s),
            },
            self._secret,
            algorithm="HS256",
        )

    def verify(self, token: str, purpose: Purpose) -> Claims:
        """The claims of `token`; raises InvalidToken unless it is ours, unexpired and for `purpose`."""
        try:
            body = jwt.decode(
                token,
                self._secret,
                algorithms=["HS256"],
                audience=purpose,
                options={"require": ["aud", "sub", "exp", "room"]},
            )
            room_id = UUID(body.pop("room"))
        except (jwt.InvalidTokenError, ValueError) as error:
            raise InvalidToken from error
        expires_at = datetime.fromtimestamp(body.pop("exp"), UTC)
        del body["aud"]
        return Claims(purpose, body.pop("sub"), room_id, expires_at, body)
