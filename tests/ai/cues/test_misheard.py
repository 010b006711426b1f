"""Phrases that a recognizer wrote in other characters of their sound."""

import pytest

from ai.cues.misheard import as_meant


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("给你们上在6号练结", "给你们上在6号链接"),
        ("大容量托运箱不货了,练结我已经挂上去了", "大容量托运箱补货了,链接我已经挂上去了"),
        ("已经强完了", "已经抢完了"),
        ("卖功了", "卖光了"),
        ("用3个月,面料一模一样", "用3个月,面料一模一样"),
        ("两百九十九,直接拍", "两百九十九,直接拍"),
        ("到手价1,299,直接拍", "到手价1,299,直接拍"),
        ("库存98,199一台", "库存98，199一台"),
        ("还剩3,1299块", "还剩3，1299块"),
        ("只为了40台", "只备了40台"),
        ("为了3个孩子", "为了3个孩子"),
    ],
)
def test_what_hosts_always_say_is_put_right(heard: str, meant: str) -> None:
    assert as_meant(heard) == meant
