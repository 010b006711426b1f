"""The address book."""

from datetime import datetime
from uuid import UUID

from psycopg.rows import DictRow

from app.core.db import Tx
from app.core.ids import new_id
from commerce.addresses import repository
from commerce.addresses.schemas import AddressIn, AddressOut, AddressPatch
from commerce.errors import AddressBookFull, AddressNotFound
from commerce.privacy import Vault, mask_name, mask_phone, mask_street

BOOK_SIZE = 50


def opened(vault: Vault, row: DictRow) -> AddressOut:
    """A row of `addresses` in clear, for its owner."""
    record = vault.open(bytes(row["sealed"]), row["user_id"].bytes)
    return AddressOut(id=row["id"], is_default=row["is_default"], **record)


def of_order(vault: Vault, sealed: bytes | None, buyer_id: UUID, *, masked: bool) -> AddressOut | None:
    """The address that an order was placed with; `masked` for everybody but its buyer and who ships it."""
    if sealed is None:
        return None
    record = vault.open(bytes(sealed), buyer_id.bytes)
    if masked:
        record = {
            "recipient": mask_name(record["recipient"]),
            "phone": mask_phone(record["phone"]),
            "region": record["region"],
            "street": mask_street(record["street"]),
        }
    return AddressOut(id=None, is_default=False, **record)


def region_of(vault: Vault, sealed: bytes, buyer_id: UUID) -> str:
    return vault.open(sealed, buyer_id.bytes)["region"]


async def region(tx: Tx, vault: Vault, user_id: UUID, address_id: UUID) -> str:
    """Where one of the user's own addresses lies; AddressNotFound."""
    row = await repository.get(tx, user_id, address_id)
    if row is None:
        raise AddressNotFound
    return opened(vault, row).region


async def book(tx: Tx, vault: Vault, user_id: UUID) -> list[AddressOut]:
    """The default first, then the newest."""
    return [opened(vault, row) for row in await repository.of_user(tx, user_id)]


async def add(tx: Tx, vault: Vault, user_id: UUID, address: AddressIn, at: datetime) -> AddressOut:
    """The first address is the default whatever was asked for."""
    await repository.lock_book(tx, user_id)
    existing = await repository.of_user(tx, user_id)
    if len(existing) >= BOOK_SIZE:
        raise AddressBookFull
    is_default = address.is_default or not existing
    if is_default:
        await repository.clear_default(tx, user_id)
    address_id = new_id()
    sealed = vault.seal(address.model_dump(exclude={"is_default"}), user_id.bytes)
    await repository.insert(tx, address_id, user_id, sealed, is_default=is_default, at=at)
    return AddressOut(id=address_id, **address.model_dump(exclude={"is_default"}), is_default=is_default)


async def change(tx: Tx, vault: Vault, user_id: UUID, address_id: UUID, patch: AddressPatch) -> AddressOut:
    """Another user's address is AddressNotFound."""
    await repository.lock_book(tx, user_id)
    row = await repository.get(tx, user_id, address_id)
    if row is None:
        raise AddressNotFound
    address = opened(vault, row).model_copy(update=patch.model_dump(exclude_none=True))
    if address.is_default and not row["is_default"]:
        await repository.clear_default(tx, user_id)
    sealed = vault.seal(address.model_dump(exclude={"id", "is_default"}), user_id.bytes)
    await repository.update(tx, address_id, sealed, is_default=address.is_default)
    return address


async def remove(tx: Tx, user_id: UUID, address_id: UUID) -> None:
    if not await repository.delete(tx, user_id, address_id):
        raise AddressNotFound
