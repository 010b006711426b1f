"""/api/addresses"""

from uuid import UUID

from fastapi import APIRouter

from app.core.http import ClockDep, CurrentUser, DatabaseDep
from commerce.addresses import service
from commerce.addresses.schemas import Addresses, AddressIn, AddressOut, AddressPatch
from commerce.deps import CommerceDep

router = APIRouter(prefix="/api/addresses", tags=["addresses"])


@router.get("")
async def list_addresses(db: DatabaseDep, commerce: CommerceDep, user: CurrentUser) -> Addresses:
    async with db.transaction() as tx:
        return Addresses(items=await service.book(tx, commerce.vault, user.user_id))


@router.post("", status_code=201)
async def add_address(
    address: AddressIn, db: DatabaseDep, commerce: CommerceDep, user: CurrentUser, clock: ClockDep
) -> AddressOut:
    async with db.transaction() as tx:
        return await service.add(tx, commerce.vault, user.user_id, address, clock.now())


@router.patch("/{address_id}")
async def change_address(
    address_id: UUID, patch: AddressPatch, db: DatabaseDep, commerce: CommerceDep, user: CurrentUser
) -> AddressOut:
    async with db.transaction() as tx:
        return await service.change(tx, commerce.vault, user.user_id, address_id, patch)


@router.delete("/{address_id}", status_code=204)
async def remove_address(address_id: UUID, db: DatabaseDep, user: CurrentUser) -> None:
    async with db.transaction() as tx:
        await service.remove(tx, user.user_id, address_id)
