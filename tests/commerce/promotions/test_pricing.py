"""The pure function that prices a cart."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.promotions.pricing import (
    Discount,
    FlashPrice,
    Item,
    Step,
    allocate,
    price_cart,
)
from commerce.shipping.fees import ShippingFee

A, B, SALE, COUPON = (UUID(int=n) for n in range(1, 5))
TEN_OFF = Discount(COUPON, "TEN", 5_000, 1_000, None, None, "merchant")
FEE = ShippingFee(800, 8_800)


def test_the_lowest_price_counts_and_each_step_is_explained() -> None:
    quote = price_cart(
        [
            Item(A, 2, 9_900, room_price_cents=8_900, flash=FlashPrice(SALE, 6_900, left=2)),
            Item(B, 1, 5_000, room_price_cents=4_500),
        ],
        TEN_OFF,
        FEE,
    )
    assert [(line.kind, line.unit_price_cents, line.discount_cents) for line in quote.lines] == [
        ("flash", 6_900, 754),
        ("room", 4_500, 246),
    ]
    assert quote.lines[0].flash_sale_id == SALE
    assert (quote.items_cents, quote.discount_cents, quote.shipping_cents) == (18_300, 1_000, 0)
    assert quote.total_cents == 17_300
    assert quote.steps == (
        Step("flash", 13_800, A),
        Step("room", 4_500, B),
        Step("coupon", -1_000, code="TEN"),
        Step("free_shipping", 0),
    )


def test_a_flash_sale_counts_for_the_whole_line_or_not_at_all() -> None:
    quote = price_cart([Item(A, 3, 9_900, flash=FlashPrice(SALE, 6_900, left=2))], None, None)
    assert (quote.lines[0].kind, quote.lines[0].flash_sale_id, quote.total_cents) == ("sale", None, 29_700)


def test_at_equal_prices_the_flash_sale_comes_before_the_room_price() -> None:
    item = Item(A, 1, 9_900, room_price_cents=6_900, flash=FlashPrice(SALE, 6_900, left=1))
    assert price_cart([item], None, None).lines[0].kind == "flash"
    assert price_cart([replace(item, flash=None)], None, None).lines[0].kind == "room"


def test_a_room_price_above_the_sale_price_does_not_raise_it() -> None:
    assert price_cart([Item(A, 1, 9_900, room_price_cents=10_900)], None, None).total_cents == 9_900


def test_a_coupon_below_its_threshold_takes_nothing_off() -> None:
    quote = price_cart([Item(A, 1, 4_999)], TEN_OFF, None)
    assert (quote.total_cents, quote.coupon_id) == (4_999, None)
    assert quote.steps[-1] == Step("coupon_below_threshold", 0, code="TEN")
    assert price_cart([Item(A, 1, 5_000)], TEN_OFF, None).total_cents == 4_000


def test_a_percentage_is_cut_at_its_maximum_and_rounded_down() -> None:
    rate = Discount(COUPON, "P", 0, None, 1_550, None, "platform")
    quote = price_cart([Item(A, 1, 999)], rate, None)
    assert (quote.discount_cents, quote.platform_discount_cents) == (154, 154)
    capped = replace(rate, max_discount_cents=100)
    assert price_cart([Item(A, 1, 999)], capped, None).discount_cents == 100


def test_a_coupon_never_makes_an_order_free() -> None:
    everything = Discount(COUPON, "ALL", 0, None, 10_000, None, "merchant")
    assert price_cart([Item(A, 1, 999)], everything, None).total_cents == 1


@pytest.mark.parametrize(
    ("price", "discount", "shipping"),
    [(8_799, None, 800), (8_800, None, 0), (9_700, TEN_OFF, 800), (9_800, TEN_OFF, 0)],
)
def test_shipping_is_free_from_what_is_really_paid(
    price: int, discount: Discount | None, shipping: int
) -> None:
    assert price_cart([Item(A, 1, price)], discount, FEE).shipping_cents == shipping


def test_nothing_cannot_be_priced() -> None:
    with pytest.raises(ValueError, match="nothing"):
        price_cart([], None, None)
    with pytest.raises(ValueError, match="nothing"):
        allocate(1, [])


weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=30)


@given(weights, st.data())
def test_an_allocation_sums_to_the_cent_and_exceeds_no_weight(parts: list[int], data: st.DataObject) -> None:
    total = data.draw(st.integers(0, sum(parts)))
    allocated = allocate(total, parts)
    assert sum(allocated) == total
    assert all(0 <= part <= weight for part, weight in zip(allocated, parts, strict=True))
    whole = sum(parts) or 1
    assert all(
        abs(part * whole - total * weight) < whole for part, weight in zip(allocated, parts, strict=True)
    )


prices = st.integers(1, 10**8)
items = st.lists(
    st.builds(
        Item,
        sku_id=st.builds(uuid4),
        quantity=st.integers(1, 999),
        sale_price_cents=prices,
        room_price_cents=st.none() | prices,
        flash=st.none()
        | st.builds(FlashPrice, sale_id=st.just(SALE), price_cents=prices, left=st.integers(1, 999)),
    ),
    min_size=1,
    max_size=20,
)
discounts = st.builds(
    Discount,
    coupon_id=st.just(COUPON),
    code=st.just("X"),
    threshold_cents=st.integers(0, 10**9),
    amount_cents=st.none(),
    rate_bps=st.integers(1, 10_000),
    max_discount_cents=st.none() | prices,
    funded_by=st.sampled_from(["platform", "merchant"]),
) | st.builds(
    Discount,
    coupon_id=st.just(COUPON),
    code=st.just("X"),
    threshold_cents=st.integers(0, 10**9),
    amount_cents=prices,
    rate_bps=st.none(),
    max_discount_cents=st.none(),
    funded_by=st.sampled_from(["platform", "merchant"]),
)


@given(
    items,
    st.none() | discounts,
    st.none() | st.builds(ShippingFee, st.integers(0, 10**6), st.none() | prices),
)
def test_every_quote_adds_up(wanted: list[Item], discount: Discount | None, fee: ShippingFee | None) -> None:
    quote = price_cart(wanted, discount, fee)
    assert sum(line.total_cents for line in quote.lines) + quote.shipping_cents == quote.total_cents
    assert sum(step.cents for step in quote.steps) == quote.total_cents
    assert quote.total_cents >= 1
    assert all(line.total_cents >= 0 for line in quote.lines)
    assert 0 <= quote.platform_discount_cents <= quote.discount_cents
    assert all(
        line.unit_price_cents <= item.sale_price_cents for line, item in zip(quote.lines, wanted, strict=True)
    )
