"""Products and SKUs as clients see and send them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

ProductStatus = Literal["draft", "on_sale", "sold_out", "withdrawn"]
StoredStatus = Literal["draft", "on_sale", "withdrawn"]
# NUL is the one character that PostgreSQL's text cannot hold.
SAFE = r"^[^\x00]*$"
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=SAFE)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120, pattern=SAFE)]
Long = Annotated[str, StringConstraints(max_length=20_000, pattern=SAFE)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=SAFE)]
Cents = Annotated[int, Field(ge=1, le=100_000_000)]
Currency = Annotated[str, StringConstraints(pattern=r"^(CNY|USD|EUR|GBP|HKD|JPY|KRW)$")]
Attributes = Annotated[dict[Short, Short], Field(max_length=100)]
Texts = Annotated[list[Name], Field(max_length=50)]


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class SkuOut(Answer):
    id: UUID
    code: str
    name: str
    options: dict[str, str]
    price_cents: int
    list_price_cents: int
    currency: str
    available: int


class FaqEntry(BaseModel):
    question: Name
    answer: Name


class ProductOut(Answer):
    id: UUID
    slug: str
    name: str
    name_en: str
    category: str
    description: str
    image_url: str | None
    status: ProductStatus
    attributes: dict[str, str]
    aliases: list[str]
    tags: list[str]
    faq: list[FaqEntry]
    skus: list[SkuOut]


class MerchantSkuOut(SkuOut):
    product_id: UUID
    on_hand: int
    reserved: int
    weight_g: int
    active: bool


class MerchantProductOut(Answer):
    id: UUID
    slug: str
    name: str
    name_en: str
    category: str
    description: str
    image_url: str | None
    status: ProductStatus
    attributes: dict[str, str]
    aliases: list[str]
    tags: list[str]
    faq: list[FaqEntry]
    shipping_template_id: UUID | None
    skus: list[MerchantSkuOut]
    created_at: datetime
    updated_at: datetime


class SkuIn(BaseModel):
    code: Code
    name: Short = ""
    options: Attributes = {}
    price_cents: Cents
    list_price_cents: Cents | None = None
    currency: Currency = "CNY"
    weight_g: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    stock: Annotated[int, Field(ge=0, le=10_000_000)] = 0

    @model_validator(mode="after")
    def _list_price_is_higher(self) -> "SkuIn":
        if self.list_price_cents is not None and self.list_price_cents < self.price_cents:
            raise ValueError("the list price lies below the price")
        return self


class ProductIn(BaseModel):
    name: Name
    slug: Slug | None = None
    name_en: Short = ""
    category: Short = ""
    description: Long = ""
    """Markdown; pages show it without HTML, and with pictures of our own store alone."""
    status: StoredStatus = "draft"
    attributes: Attributes = {}
    aliases: Texts = []
    tags: Texts = []
    faq: Annotated[list[FaqEntry], Field(max_length=100)] = []
    skus: Annotated[list[SkuIn], Field(min_length=1, max_length=200)]


class ProductPatch(BaseModel):
    """What is absent stays."""

    name: Name | None = None
    name_en: Short | None = None
    category: Short | None = None
    description: Long | None = None
    status: StoredStatus | None = None
    attributes: Attributes | None = None
    aliases: Texts | None = None
    tags: Texts | None = None
    faq: Annotated[list[FaqEntry], Field(max_length=100)] | None = None
    shipping_template_id: UUID | None = None
    """Sent as null, the default one counts again."""


class SkuPatch(BaseModel):
    """What is absent stays."""

    name: Short | None = None
    options: Attributes | None = None
    price_cents: Cents | None = None
    list_price_cents: Cents | None = None
    weight_g: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    active: bool | None = None


class PictureOut(Answer):
    url: str


class Products(Answer):
    items: list[ProductOut]


class MerchantProducts(Answer):
    items: list[MerchantProductOut]
    total: int


class LineErrorOut(Answer):
    """`line` 0: of the file as a whole."""

    line: int
    column: str
    message: str
    code: str


class ImportOut(Answer):
    created: int
    changed: int
    dry_run: bool
    errors: list[LineErrorOut]


class Policy(BaseModel):
    title: Name
    text: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000, pattern=SAFE)
    ]


class Policies(BaseModel):
    items: Annotated[list[Policy], Field(max_length=100)]

    @model_validator(mode="after")
    def _titles_differ(self) -> "Policies":
        if len({policy.title for policy in self.items}) != len(self.items):
            raise ValueError("two policies have the same title")
        return self
