"""Names are found by letters, by sound and by a telling part; near names stay apart."""

import pytest

from ai.cues.captions import with_catalogue_spelling
from ai.cues.links import linked
from ai.cues.matcher import Matcher, Trust
from ai.cues.products import ListedProduct

PRODUCTS = (
    ListedProduct("mask-ha", "玻尿酸补水面膜", "Hyaluronic Acid Sheet Mask", ("补水面膜",), position=1),
    ListedProduct("mask-nia", "烟酰胺美白面膜", "Niacinamide Brightening Mask", ("烟酰胺面膜",), position=2),
    ListedProduct("brow-black", "黑色双头眉笔", "Black Brow Pencil", (), position=3),
    ListedProduct("brow-brown", "棕色双头眉笔", "Brown Brow Pencil", (), position=4),
    ListedProduct("fryer", "五升可视空气炸锅", "5L Visible Air Fryer", ("空气炸锅",), position=5),
    ListedProduct("rice", "五常稻花香大米", "Wuchang Fragrant Rice", (), position=6),
    ListedProduct("lamp", "护眼台灯", "Eye-Care Desk Lamp", ("台灯",), position=7),
)
MATCHER = Matcher(PRODUCTS)


@pytest.mark.parametrize(
    ("text", "product_id", "name"),
    [
        ("首先是这个玻尿酸补水面膜一盒十片", "mask-ha", "玻尿酸补水面膜"),
        ("今天给大家准备了腌鲜胺美白面膜", "mask-nia", "烟酰胺美白面膜"),
        ("银鞋按面膜晚上敷", "mask-nia", "烟酰胺面膜"),
        ("来先看这台5升可是空气炸锅", "fryer", "五升可视空气炸锅"),
        ("中色双头眉笔手残党也会画", "brow-brown", "棕色双头眉笔"),
        ("grab a bag of Wu Chang fragrant rice", "rice", "Wuchang Fragrant Rice"),
        ("this is the eye care desk lamp", "lamp", "Eye-Care Desk Lamp"),
    ],
)
def test_misheard_names_are_found_by_sound(text: str, product_id: str, name: str) -> None:
    [match] = MATCHER.find(text)

    assert (match.product_id, match.name, match.rivals) == (product_id, name, ())


def test_a_part_that_several_products_share_names_none_of_them_for_sure() -> None:
    assert MATCHER.find("这个面膜很好用") == []
    [match] = MATCHER.find("双头眉笔来了")
    assert {match.product_id, *match.rivals} == {"brow-black", "brow-brown"}


def test_a_part_that_only_one_product_has_is_trusted_less() -> None:
    [part] = MATCHER.find("大米十斤装")
    [alias] = MATCHER.find("台灯")

    assert (part.product_id, part.trust, part.whole) == ("rice", Trust.PART, False)
    assert (alias.product_id, alias.trust, alias.whole) == ("lamp", Trust.SHORT, False)


@pytest.mark.parametrize(
    "text", ["大家好欢迎来到我的直播间", "酒店的水壶不敢用的举个手", "See you tomorrow", "", "，。！"]
)
def test_other_talk_names_nothing(text: str) -> None:
    assert MATCHER.find(text) == []


def test_two_products_with_the_same_name_are_rivals() -> None:
    twins = Matcher([ListedProduct("a", "羊绒围巾"), ListedProduct("b", "羊绒围巾")])

    [match] = twins.find("再来是羊绒围巾")

    assert {match.product_id, *match.rivals} == {"a", "b"}


def test_a_name_of_one_character_needs_that_very_sound() -> None:
    matcher = Matcher([ListedProduct("pear", "梨")])

    assert [match.product_id for match in matcher.find("这个梨特别甜")] == ["pear"]
    assert matcher.find("给大家看一下") == []


def test_one_of_500_products_is_found() -> None:
    characters = "春夏秋冬东南西北金木水火土红黄蓝绿紫高低长短新"
    products = [
        ListedProduct(str(n), characters[n % 23] + characters[n // 23] + "牌保湿面霜") for n in range(500)
    ]

    [match] = Matcher(products).find("接下来给大家带来的这一款,火绿牌保湿面霜,特别滋润")

    assert (match.name, match.rivals) == ("火绿牌保湿面霜", ())


@pytest.mark.parametrize(
    ("text", "product_id"),
    [("三号链接给大家打开了", "brow-black"), ("拍5号链接", "fryer"), ("go to link number six", "rice")],
)
def test_link_numbers_are_places_in_the_queue(text: str, product_id: str) -> None:
    assert [match.product_id for match in linked(text, PRODUCTS)] == [product_id]


def test_a_link_number_beyond_the_queue_names_nothing() -> None:
    assert linked("九十九号链接", PRODUCTS) == []


def test_captions_spell_names_as_the_catalogue_does() -> None:
    def caption(text: str) -> str:
        return with_catalogue_spelling(text, MATCHER.find(text))

    assert caption("今天给大家准备了腌鲜胺美白面膜,129元") == "今天给大家准备了烟酰胺美白面膜,129元"
    assert caption("this is the wu chang fragrant rice.") == "this is the Wuchang Fragrant Rice."
    assert caption("双头眉笔来了") == "双头眉笔来了"


def test_a_letter_that_was_not_heard_costs_a_chinese_name_little_and_leaves_rivals() -> None:
    serum = ListedProduct("serum", "维C焕亮精华")
    assert [match.product_id for match in Matcher([serum]).find("我们先上维焕亮精华,暗沉的脸用它")] == [
        "serum"
    ]

    a, b = ListedProduct("a", "A款修护面膜"), ListedProduct("b", "B款修护面膜")
    [match] = Matcher([a, b]).find("接下来看款修护面膜")
    assert {match.product_id, *match.rivals} == {"a", "b"}
