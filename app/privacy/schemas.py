"""What one may ask about the data that is kept about oneself."""

from typing import Literal

from pydantic import BaseModel

Obstacle = Literal["roles", "rooms", "orders", "after_sales", "refunds"]


class Deletion(BaseModel):
    """`obstacles`: what has to come to its end before the account can be deleted; empty: nothing."""

    obstacles: list[Obstacle]


class DeletionIn(BaseModel):
    password: str
