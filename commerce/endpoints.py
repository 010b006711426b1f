"""Every router of the shop."""

from commerce.addresses.endpoints import router as addresses
from commerce.aftersales.endpoints import merchant_router as merchant_after_sales
from commerce.aftersales.endpoints import router as after_sales
from commerce.carts.endpoints import router as carts
from commerce.catalog.endpoints import merchant_router as merchant_catalog
from commerce.catalog.endpoints import pictures_router as pictures
from commerce.catalog.endpoints import router as catalog
from commerce.inventory.endpoints import router as inventory
from commerce.orders.endpoints import merchant_router as merchant_orders
from commerce.orders.endpoints import router as orders
from commerce.payments.endpoints import router as payments
from commerce.promotions.endpoints import merchant_router as merchant_promotions
from commerce.promotions.endpoints import router as promotions
from commerce.reconciliation.endpoints import router as reconciliation
from commerce.shipping.endpoints import merchant_router as merchant_shipping
from commerce.shipping.endpoints import router as shipping

ROUTERS = [
    orders,
    promotions,
    merchant_promotions,
    payments,
    catalog,
    pictures,
    addresses,
    merchant_catalog,
    merchant_orders,
    inventory,
    carts,
    shipping,
    merchant_shipping,
    after_sales,
    merchant_after_sales,
    reconciliation,
]
