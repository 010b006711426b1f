"""What the host is told: the words, and words to say instead."""

import pytest

from moderation.speech import claims
from moderation.text import Screen


@pytest.mark.parametrize(
    ("said", "rule", "words", "instead"),
    [
        ("这是全网最低价，最好的面膜", "ad_law.absolute", "全网最低价", "这是今天直播间的优惠价，最好的面膜"),
        ("用了之后可以治疗湿疹", "ad_law.medical", "治疗湿疹", "用了之后可以护理湿疹"),
        ("百分之百有效", "ad_law.guarantee", "百分之百有效", "效果因人而异"),
        (
            "it is the world's number one brand",
            "ad_law.absolute",
            "world's number one",
            "it is the world's popular brand",
        ),
    ],
)
def test_a_claim_comes_with_a_better_wording(
    screen: Screen, said: str, rule: str, words: str, instead: str
) -> None:
    found = {c.finding.evidence: c for c in claims(screen, said)}
    assert words in found
    assert found[words].finding.detector == rule
    assert found[words].wording.instead == instead
    assert found[words].wording.advice_zh
    assert found[words].wording.advice_en


def test_luring_away_and_abuse_on_air_are_told_with_advice(screen: Screen) -> None:
    found = claims(screen, "大家加我微信私下付款更便宜")
    assert found[0].finding.category == "diversion"
    assert found[0].as_json()["advice"] == {
        "zh-CN": "请让大家在直播间里下单，不要引导到站外联系或付款。",
        "en": "Let people order here; do not send them elsewhere to talk or pay.",
    }
    assert claims(screen, "买不起就滚，穷逼")[0].finding.category == "abuse"


@pytest.mark.parametrize(
    "said",
    [
        "最近有活动，最后五分钟，首先看第一款",
        "我是第一次用这个颜色",
        "洗的时候最好用冷水",
        "它不能代替药物",
        "the first one is the best before date",
        "买买买买买买买买买买买买买买买买买买买买",
    ],
)
def test_what_is_no_claim_is_not_called_out(screen: Screen, said: str) -> None:
    assert claims(screen, said) == []


def test_positions_are_those_of_the_sentence(screen: Screen) -> None:
    said = "那么这个保健品能抗癌"
    claim = claims(screen, said)[0].as_json()
    assert said[claim["start"] : claim["end"]] == claim["said"] == "抗癌"
