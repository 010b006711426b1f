"""The shop's refusals. Each has a stable code that clients may rely on."""

from app.core.errors import Conflict, Invalid, NotFound, Problem


class ProductNotFound(NotFound):
    code = "product_not_found"
    title = "There is no such product"


class SkuNotFound(NotFound):
    code = "sku_not_found"
    title = "There is no such SKU"


class NotOnSale(Conflict):
    """`sku_id` in `extra`."""

    code = "not_on_sale"
    title = "This is not on sale"


class OutOfStock(Conflict):
    """`sku_id` and `available` in `extra`."""

    code = "out_of_stock"
    title = "Out of stock"


class PriceChanged(Conflict):
    """`total_cents` in `extra`: what it costs now."""

    code = "price_changed"
    title = "The price has changed meanwhile"


class CouponNotUsable(Conflict):
    """`reason` in `extra`: unknown, other_room, expired, used_up, already_used."""

    code = "coupon_not_usable"
    title = "This coupon cannot be used here"


class PromotionNotFound(NotFound):
    code = "promotion_not_found"
    title = "There is no such promotion"


class RoomNotFound(NotFound):
    code = "room_not_found"
    title = "There is no such live room"


class NotDeliverable(Conflict):
    """`region` in `extra`: where the goods are not sent."""

    code = "not_deliverable"
    title = "We do not deliver there"


class MixedCurrencies(Invalid):
    code = "mixed_currencies"
    title = "One order holds one currency"


class IdempotencyKeyReused(Conflict):
    code = "idempotency_key_reused"
    title = "This Idempotency-Key was used with another request"


class OrderNotFound(NotFound):
    code = "order_not_found"
    title = "There is no such order"


class WrongOrderStatus(Conflict):
    """`status` in `extra`: where the order stands."""

    code = "wrong_order_status"
    title = "The order's status does not allow this"


class TooManyToShip(Conflict):
    """`sku_id` and `left` in `extra`: how many are still to be shipped."""

    code = "too_many_to_ship"
    title = "There is less left to ship than that"


class TemplateNotFound(NotFound):
    code = "shipping_template_not_found"
    title = "There is no such shipping template"


class CartLineNotFound(NotFound):
    code = "cart_line_not_found"
    title = "This is not in the cart"


class CartFull(Conflict):
    code = "cart_full"
    title = "The cart is full"


class AfterSaleNotFound(NotFound):
    code = "after_sale_not_found"
    title = "There is no such after-sales request"


class AfterSaleNotPossible(Conflict):
    """`reason` in `extra`: not_paid, too_late, open_already, too_many, too_much, not_shipped, shipped, foreign_picture."""

    code = "after_sale_not_possible"
    title = "This cannot be asked for"


class AddressNotFound(NotFound):
    code = "address_not_found"
    title = "There is no such address"


class AddressBookFull(Conflict):
    code = "address_book_full"
    title = "The address book is full"


class CodeTaken(Conflict):
    """`codes` in `extra`."""

    code = "code_taken"
    title = "This code is in use"


class NotAPicture(Invalid):
    code = "not_a_picture"
    title = "This is not a picture that we can read"


class PictureTooLarge(Problem):
    code = "picture_too_large"
    status = 413
    title = "The picture is too large"


class StockTooLow(Conflict):
    """`available` in `extra`."""

    code = "stock_too_low"
    title = "There is less in stock than that"


class ProviderUnknown(NotFound):
    code = "provider_unknown"
    title = "This way to pay is not offered"


class ProviderUnavailable(Problem):
    code = "provider_unavailable"
    status = 503
    title = "The payment service does not answer; try again"


class RefundTooLarge(Conflict):
    """`refundable_cents` in `extra`."""

    code = "refund_too_large"
    title = "That is more than was paid and not yet refunded"
