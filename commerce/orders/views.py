"""How an order's row is shown: to its buyer, to the merchant, and in events."""

from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from commerce.addresses.service import of_order
from commerce.orders.schemas import BuyerOut, InvoiceOut, OrderOut
from commerce.privacy import Vault, mask_name

SUMMARY_LINE = (
    "sku_id",
    "product_id",
    "product_name",
    "product_name_en",
    "sku_name",
    "quantity",
    "total_cents",
)


def present(vault: Vault, row: DictRow, *, masked: bool) -> OrderOut:
    """`masked`: the address is shortened, for everybody but its buyer and who ships it."""
    address = of_order(vault, row["address_sealed"], row["buyer_id"], masked=masked)
    invoice = invoice_of(vault, row["invoice_sealed"], row["buyer_id"], masked=masked)
    buyer = BuyerOut(display_name=row["buyer_name"])
    return OrderOut.model_validate({**row, "address": address, "invoice": invoice, "buyer": buyer})


def invoice_of(vault: Vault, sealed: bytes | None, buyer_id: UUID, *, masked: bool) -> InvoiceOut | None:
    """`masked`: a person's name is shortened; a company's is no secret."""
    if sealed is None:
        return None
    invoice = InvoiceOut.model_validate(vault.open(bytes(sealed), buyer_id.bytes))
    if masked and invoice.kind == "personal":
        return invoice.model_copy(update={"title": mask_name(invoice.title)})
    return invoice


def summary(row: DictRow) -> dict[str, Any]:
    """What the room's staff sees of an order in an event: nothing that says where its buyer lives."""
    return {
        "id": str(row["id"]),
        "number": row["number"],
        "status": row["status"],
        "total_cents": row["total_cents"],
        "currency": row["currency"],
        "room_id": str(row["room_id"]) if row["room_id"] else None,
        "created_at": row["created_at"].isoformat(),
        "buyer": {"display_name": row["buyer_name"]},
        "lines": [{key: line[key] for key in SUMMARY_LINE} for line in row["lines"]],
    }
