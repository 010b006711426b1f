"""What identity takes and gives over HTTP."""

import re
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, StringConstraints

from app.chat.text import EmptyMessage, MessageTooLong, clean
from app.core.auth import Role


def _email(value: str) -> str:
    value = value.strip().lower()
    if len(value) > 254 or not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        raise ValueError("not an e-mail address")
    return value


def _name(value: str) -> str:
    """As it is shown beside messages, cleaned like them: nothing unseen that turns or hides its neighbours."""
    try:
        name = clean(value)
    except (EmptyMessage, MessageTooLong) as problem:
        raise ValueError("a name shows something") from problem
    if len(name) > 40:
        raise ValueError("a name has 40 characters at most")
    return name


Email = Annotated[str, AfterValidator(_email)]
Password = Annotated[str, StringConstraints(min_length=8, max_length=200)]
DisplayName = Annotated[str, StringConstraints(max_length=80), AfterValidator(_name)]


class Registration(BaseModel):
    email: Email
    password: Password
    display_name: DisplayName
    locale: Literal["zh-CN", "en"] = "zh-CN"


class Credentials(BaseModel):
    email: Email
    password: str


class ProfileChange(BaseModel):
    """What is left out stays."""

    display_name: DisplayName | None = None
    locale: Literal["zh-CN", "en"] | None = None


class PasswordChange(BaseModel):
    current: str
    new: Password


class Account(BaseModel):
    """A user as an administrator sees them."""

    id: UUID
    email: str
    display_name: str
    roles: list[Role]
    created_at: datetime


class AccountList(BaseModel):
    items: list[Account]


class RolesChange(BaseModel):
    roles: frozenset[Role]


class Me(BaseModel):
    id: UUID
    email: str
    display_name: str
    roles: list[Role]
    locale: str


class TokenRequest(BaseModel):
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]


class TokenInfo(BaseModel):
    id: UUID
    name: str
    created_at: datetime
    expires_at: datetime


class NewToken(TokenInfo):
    token: str
    """Shown this once."""


class TokenList(BaseModel):
    items: list[TokenInfo]
