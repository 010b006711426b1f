"""/api/products, /api/policies and what the merchant does to them"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response, UploadFile

from app.core.errors import NotFound
from app.core.http import ClockDep, DatabaseDep
from commerce import csv_lines
from commerce.catalog import csv_files, imports, meaning, pictures, repository, service
from commerce.catalog.schemas import (
    SAFE,
    ImportOut,
    MerchantProductOut,
    MerchantProducts,
    PictureOut,
    Policies,
    ProductIn,
    ProductOut,
    ProductPatch,
    Products,
    SkuIn,
    SkuPatch,
)
from commerce.deps import CommerceDep, Merchant
from commerce.errors import CodeTaken

router = APIRouter(prefix="/api", tags=["catalogue"])
merchant_router = APIRouter(prefix="/api/merchant", tags=["merchant"])

pictures_router = APIRouter(prefix=pictures.PREFIX, tags=["pictures"], include_in_schema=False)

PAGE = 50
EXPORT_LIMIT = 20_000
FOR_EVER = {"cache-control": "public, max-age=31536000, immutable"}
PictureName = Annotated[str, Path(pattern=r"^[0-9a-f]{32}\.webp$")]
Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]


@router.get("/products")
async def list_products(db: DatabaseDep, limit: Limit = PAGE, offset: Offset = 0) -> Products:
    async with db.transaction() as tx:
        rows, _ = await repository.page(tx, statuses=["on_sale"], limit=limit, offset=offset)
    return Products(items=[service.public(row) for row in rows])


@router.get("/products/search")
async def search_products(
    q: Annotated[str, Query(min_length=1, max_length=80, pattern=SAFE)],
    db: DatabaseDep,
    commerce: CommerceDep,
    limit: Limit = 20,
) -> Products:
    """By name, alias, category or tag, in Chinese and English, with slips of the pen; the best first.

    Behind them, as far as there is room, what comes nearest by its meaning.
    """
    vector = await commerce.meanings.question(q.strip()) if commerce.meanings else None
    async with db.transaction() as tx:
        rows = await repository.search(tx, q.strip(), limit)
        if vector is not None and commerce.meanings is not None:
            near = await repository.nearest(
                tx, commerce.meanings.name, vector, meaning.MARGIN, meaning.NEAREST
            )
            known = {row["id"] for row in rows}
            rows += [row for row in near if row["id"] not in known]
    return Products(items=[service.public(row) for row in rows[:limit]])


@router.get("/products/{product_id}")
async def get_product(product_id: UUID, db: DatabaseDep) -> ProductOut:
    async with db.transaction() as tx:
        return await service.get_public(tx, product_id)


@router.get("/policies")
async def get_policies(db: DatabaseDep) -> Policies:
    async with db.transaction() as tx:
        return await service.policies(tx)


@merchant_router.get("/products")
async def list_own_products(
    db: DatabaseDep, merchant: Merchant, limit: Limit = PAGE, offset: Offset = 0
) -> MerchantProducts:
    async with db.transaction() as tx:
        statuses = ["draft", "on_sale", "withdrawn"]
        rows, total = await repository.page(tx, statuses=statuses, limit=limit, offset=offset)
    return MerchantProducts(items=[service.for_merchant(row) for row in rows], total=total)


@merchant_router.post("/products", status_code=201)
async def create_product(
    product: ProductIn, db: DatabaseDep, merchant: Merchant, clock: ClockDep
) -> MerchantProductOut:
    async with db.transaction() as tx:
        row = await service.create(tx, product, actor=f"merchant:{merchant.user_id}", at=clock.now())
    return service.for_merchant(row)


@merchant_router.get("/products.csv", response_class=Response)
async def export_products(db: DatabaseDep, merchant: Merchant) -> Response:
    """The whole catalogue, in the format that the import reads."""
    async with db.transaction() as tx:
        rows, _ = await repository.page(
            tx, statuses=["draft", "on_sale", "withdrawn"], limit=EXPORT_LIMIT, offset=0
        )
    headers = {"content-disposition": 'attachment; filename="products.csv"'}
    return Response(csv_files.write(rows), media_type="text/csv; charset=utf-8", headers=headers)


@merchant_router.post("/products/import")
async def import_products(
    file: UploadFile, db: DatabaseDep, merchant: Merchant, clock: ClockDep, dry_run: bool = False
) -> ImportOut:
    """All lines or, where one is wrong, none; `dry_run` only reports."""
    parsed = csv_files.parse(await file.read(csv_lines.MAX_BYTES + 1))
    async with db.transaction() as tx:
        return await imports.bring_in(
            tx, parsed, dry_run=dry_run, actor=f"merchant:{merchant.user_id}", at=clock.now()
        )


@merchant_router.get("/products/{product_id}")
async def get_own_product(product_id: UUID, db: DatabaseDep, merchant: Merchant) -> MerchantProductOut:
    async with db.transaction() as tx:
        return service.for_merchant(await service.get(tx, product_id))


@merchant_router.patch("/products/{product_id}")
async def change_product(
    product_id: UUID, patch: ProductPatch, db: DatabaseDep, merchant: Merchant, clock: ClockDep
) -> MerchantProductOut:
    async with db.transaction() as tx:
        return service.for_merchant(await service.update(tx, product_id, patch, clock.now()))


@merchant_router.put("/products/{product_id}/image")
async def change_picture(
    product_id: UUID,
    picture: UploadFile,
    db: DatabaseDep,
    commerce: CommerceDep,
    merchant: Merchant,
    clock: ClockDep,
) -> MerchantProductOut:
    """JPEG, PNG or WebP up to 10 MB; it is stored resized, without the camera's metadata."""
    content = await picture.read(pictures.MAX_BYTES + 1)
    image_url = await commerce.pictures.add(content)
    async with db.transaction() as tx:
        await service.get(tx, product_id)
        await repository.update_product(tx, product_id, {"image_url": image_url}, clock.now())
        return service.for_merchant(await service.get(tx, product_id))


@merchant_router.post("/pictures", status_code=201)
async def add_picture(picture: UploadFile, commerce: CommerceDep, merchant: Merchant) -> PictureOut:
    """A picture for a description, which shows it as Markdown does: `![what it shows](url)`."""
    return PictureOut(url=await commerce.pictures.add(await picture.read(pictures.MAX_BYTES + 1)))


@merchant_router.post("/products/{product_id}/skus", status_code=201)
async def add_sku(
    product_id: UUID, sku: SkuIn, db: DatabaseDep, merchant: Merchant, clock: ClockDep
) -> MerchantProductOut:
    async with db.transaction() as tx:
        product = await service.get(tx, product_id)
        if await repository.taken_codes(tx, [sku.code]):
            raise CodeTaken(codes=[sku.code])
        position = len(product["skus"] or ())
        actor = f"merchant:{merchant.user_id}"
        await service.add_sku(tx, product_id, sku, position=position, actor=actor, at=clock.now())
        return service.for_merchant(await service.get(tx, product_id))


@merchant_router.patch("/skus/{sku_id}")
async def change_sku(
    sku_id: UUID, patch: SkuPatch, db: DatabaseDep, merchant: Merchant
) -> MerchantProductOut:
    async with db.transaction() as tx:
        return service.for_merchant(await service.update_sku(tx, sku_id, patch))


@merchant_router.get("/policies")
async def get_own_policies(db: DatabaseDep, merchant: Merchant) -> Policies:
    async with db.transaction() as tx:
        return await service.policies(tx)


@merchant_router.put("/policies")
async def change_policies(policies: Policies, db: DatabaseDep, merchant: Merchant) -> Policies:
    async with db.transaction() as tx:
        return await service.replace_policies(tx, policies.items)


@pictures_router.get("/{name}")
async def get_picture(name: PictureName, commerce: CommerceDep) -> Response:
    """A picture never changes under its name, which is the hash of what it shows."""
    content = await commerce.pictures.read(name)
    if content is None:
        raise NotFound
    return Response(content, media_type="image/webp", headers=FOR_EVER)
