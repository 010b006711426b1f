"""Addresses as their owners see and send them."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, StringConstraints

from commerce.catalog.schemas import SAFE, Answer

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=SAFE)]
Street = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=SAFE)]
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 -]{4,18}[0-9]$")]


class AddressIn(BaseModel):
    recipient: Line
    phone: Phone
    region: Line
    """Province, city and district, separated by spaces: 浙江省 杭州市 西湖区."""
    street: Street
    is_default: bool = False


class AddressPatch(BaseModel):
    """What is absent stays."""

    recipient: Line | None = None
    phone: Phone | None = None
    region: Line | None = None
    street: Street | None = None
    is_default: bool | None = None


class AddressOut(Answer):
    id: UUID | None
    recipient: str
    phone: str
    region: str
    street: str
    is_default: bool


class Addresses(Answer):
    items: list[AddressOut]
