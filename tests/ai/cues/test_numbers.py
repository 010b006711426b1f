"""Numbers, prices, stock and announcements as they are spoken."""

import pytest

from ai.cues.actions import announced
from ai.cues.decisions import Action, Promise
from ai.cues.numbers import chinese_value, english_value, spoken_digits, spoken_numbers, with_digits
from ai.cues.products import ListedProduct
from ai.cues.promises import broken_promises

FRYER = ListedProduct("fryer", "空气炸锅", price_cents=29900, list_price_cents=49900, stock=40)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("一百二十九", 129),
        ("三百九", 390),
        ("三百零九", 309),
        ("两千五", 2500),
        ("一万二", 12000),
        ("三十九点九", 39.9),
        ("一二九", 129),
        ("十", 10),
        ("半", 0.5),
        ("面膜", None),
    ],
)
def test_chinese_numbers(text: str, value: float | None) -> None:
    assert chinese_value(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("one hundred and twenty nine", 129),
        ("two ninety nine", 299),
        ("forty thousand", 40000),
        ("a hundred and five", 105),
        ("one oh five", 105),
        ("twenty nine ninety nine", 29.99),
        ("lamp", None),
    ],
)
def test_english_numbers(text: str, value: float | None) -> None:
    assert english_value(text) == value


def test_digits_are_read_aloud_as_hosts_do() -> None:
    assert [spoken_digits(digits) for digits in ("199", "20", "105", "3000", "2026", "39.9")] == [
        "一百九十九",
        "二十",
        "一百零五",
        "三千",
        "二零二六",
        "三十九点九",
    ]


def test_words_and_digits_become_the_same() -> None:
    assert with_digits("今天只要九十九元") == with_digits("今天只要99元") == "今天只要99元"
    assert [number.value for number in spoken_numbers("1,299 yuan or two ninety nine", "en")] == [1299, 299]


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("今天到手价只要一百九十九", "zh", [(Promise.PRICE, 19900, 29900)]),
        ("今天到手价二百九十九", "zh", []),
        ("原价四百九十九,今天299", "zh", []),
        (
            "外面卖八十九块,我们今天49快九一大盒",
            "zh",
            [(Promise.LIST_PRICE, 8900, 49900), (Promise.PRICE, 4990, 29900)],
        ),
        ("我们今天49快九一大盒", "zh", [(Promise.PRICE, 4990, 29900)]),
        ("一块才二百九十九", "zh", []),
        ("两大桶二百九十九块", "zh", []),
        ("原价六百九十九", "zh", [(Promise.LIST_PRICE, 69900, 49900)]),
        ("tonight it is only one ninety nine", "en", [(Promise.PRICE, 19900, 29900)]),
        ("空气炸锅,两百五十九,直接拍", "zh", [(Promise.PRICE, 25900, 29900)]),
        ("空气炸锅,两百九十九,直接拍", "zh", []),
        ("259一大台,包邮", "zh", [(Promise.PRICE, 25900, 29900)]),
        ("2591大台,包邮", "zh", [(Promise.PRICE, 25900, 29900)]),
        ("the air fryer is 259 to night", "en", [(Promise.PRICE, 25900, 29900)]),
        ("满两百九十包邮,领一百元优惠券", "zh", []),
        ("定时两百分钟,倒数三个数,三二一", "zh", []),
        ("我手里就五十台", "zh", [(Promise.STOCK, 50, 40)]),
        ("three hundred and fifty for the air fryer tonight", "en", [(Promise.PRICE, 35000, 29900)]),
        ("it normally sells for 4.99 and tonight it is 2.99", "en", []),
        ("we have sixty bags of the fries, it cooks at two hundred degrees", "en", [(Promise.STOCK, 60, 40)]),
        ("库存只有五十台", "zh", [(Promise.STOCK, 50, 40)]),
        ("库存只有四十台", "zh", []),
        ("今天送十片,二十四小时发货", "zh", []),
        ("现在有三个颜色", "zh", []),
        ("原价499,今天活动价259", "zh", [(Promise.PRICE, 25900, 29900)]),
        ("这台259,特别安静", "zh", [(Promise.PRICE, 25900, 29900)]),
        ("平时卖300以19", "zh", [(Promise.LIST_PRICE, 31900, 49900)]),
        ("到手价250八", "zh", [(Promise.PRICE, 25800, 29900)]),
        ("到手价290,9,", "zh", []),
        ("they are 195 you and each", "en", [(Promise.PRICE, 19500, 29900)]),
        ("ready in 15 minutes for just $259", "en", [(Promise.PRICE, 25900, 29900)]),
        ("it is $259 a piece for everyone watching", "en", [(Promise.PRICE, 25900, 29900)]),
        ("take $20 off tonight, it is worth $800", "en", []),
        ("there are only 25 of the air fryers left in stock", "en", [(Promise.STOCK, 25, 40)]),
        ("only 35 of the air fryers left", "en", []),
        ("shipping is $5, or free on orders of $50 or more", "en", []),
        ("there is a $10 gift card with it, plus $5 shipping", "en", []),
        ("there are 25 of them on the left", "en", []),
        ("only 20 of you have left", "en", []),
        ("只有二十台,手慢无", "zh", [(Promise.STOCK, 20, 40)]),
        ("只有三十五台,手慢无", "zh", []),
        ("最后一台空气炸锅", "zh", []),
        ("一箱一共十二个", "zh", []),
    ],
)
def test_what_is_promised_is_compared_with_what_is_held(
    text: str, language: str, said: list[tuple[Promise, int, int]]
) -> None:
    warnings = broken_promises(text, language, FRYER)

    assert [(warning.promise, warning.said, warning.held) for warning in warnings] == said


def test_a_product_without_price_or_stock_warns_of_nothing() -> None:
    assert broken_promises("今天只要九十九元,库存五百台", "zh", ListedProduct("x", "空气炸锅")) == []


@pytest.mark.parametrize(
    ("text", "language", "offers"),
    [
        ("下一个上链接", "zh", [(Action.OPEN_LINK, "fryer", None)]),
        ("倒计时五秒钟", "zh", [(Action.COUNTDOWN, "fryer", 5)]),
        ("一百个赞我们就开始抽奖", "zh", [(Action.RAFFLE, None, None)]),
        ("待会再上链接", "zh", []),
        ("let's count down, ten seconds", "en", [(Action.COUNTDOWN, "fryer", 10)]),
        ("the giveaway starts now", "en", [(Action.RAFFLE, None, None)]),
        ("大家好", "zh", []),
    ],
)
def test_announcements_become_offers(
    text: str, language: str, offers: list[tuple[Action, str | None, int | None]]
) -> None:
    found = announced(text, language, "fryer")

    assert [(offer.action, offer.product_id, offer.seconds) for offer in found] == offers
