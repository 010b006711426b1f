"""Products are found by what they mean, in either language, behind those that are called so."""

import httpx

from app.adapters.product_meanings import ProductMeanings
from app.adapters.shop import commerce_config
from app.core.http import Services
from app.settings import Settings
from app.web.app import create_app
from commerce.catalog.meaning import learn
from commerce.runtime import Commerce
from tests.builders import create_product

PRODUCTS = ("降噪蓝牙耳机", "五升可视空气炸锅", "护眼台灯", "高腰瑜伽裤")


async def test_words_that_no_name_holds_find_the_nearest(services: Services, settings: Settings) -> None:
    for name in PRODUCTS:
        await create_product(services.db, name)
    meanings = ProductMeanings()
    config = commerce_config(settings)
    async with Commerce.open(services.db, services.clock, config, meanings=meanings) as shop:
        transport = httpx.ASGITransport(create_app(services, settings, shop))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:

            async def found(query: str) -> list[str]:
                answer = await client.get("/api/products/search", params={"q": query})
                return [product["name"] for product in answer.json()["items"]]

            assert await found("晚上看书用的灯") == []
            assert await learn(services.db, meanings) == len(PRODUCTS)
            assert await learn(services.db, meanings) == 0
            assert (await found("晚上看书用的灯"))[0] == "护眼台灯"
            assert (await found("wireless headphones"))[0] == "降噪蓝牙耳机"
            assert (await found("something to fry chips without oil"))[0] == "五升可视空气炸锅"
            assert (await found("瑜伽裤"))[0] == "高腰瑜伽裤"
