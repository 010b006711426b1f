"""Folding and the way back to the original."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.text.normalize import GAP_HARD, GAP_NONE, GAP_SOFT, normalize


@pytest.mark.parametrize(
    ("written", "compact"),
    [
        ("ＶＸ：ｌｉｌｉ８８６６", "vxlili8866"),
        ("關注我的微信", "关注我的微信"),
        ("fu\u0441k", "fuck"),
        ("w\u200bx", "wx"),
        ("café", "cafe"),
        ("薇❤信", "薇信信"),
        ("v❤ abc", "v信abc"),
        ("➕v", "加v"),
        ("+v abc", "加vabc"),
        ("1️⃣3️⃣9️⃣", "139"),
        ("🅥🅧", "vx"),
        ("🇻🇽", "vx"),
        ("SPF50+", "spf50"),
        ("你🐴", "你妈"),
        ("𝓯𝓾𝓬𝓴", "fuck"),
    ],
)
def test_disguises_fold_to_the_same_letters(written: str, compact: str) -> None:
    assert normalize(written).compact == compact


def test_spans_lead_back_to_the_original() -> None:
    text = "看 ㎏ 脑\u200b 残！"
    folded = normalize(text)
    first, last = folded.compact.index("脑"), folded.compact.index("残")
    start, end = folded.span(folded.compact_at[first], folded.compact_at[last] + 1)
    assert text[start:end] == "脑\u200b 残"


def test_gaps_tell_separators_from_the_end_of_a_clause() -> None:
    folded = normalize("好大，便 宜")
    assert folded.compact == "好大便宜"
    assert folded.gaps == [GAP_NONE, GAP_NONE, GAP_HARD, GAP_SOFT]


def test_spelled_numbers_become_digits_in_place() -> None:
    folded = normalize("扣扣 三七二一八八六零 壹叁捌")
    assert folded.digits == "扣扣 37218860 138"
    assert len(folded.digits) == len(folded.plain)
    assert normalize("one three nine one two three").digits == "1   3     9    1   2   3    "


@given(st.text(alphabet=st.characters(), max_size=200))
def test_any_string_folds_and_every_position_leads_back(text: str) -> None:
    folded = normalize(text)
    assert len(folded.plain) == len(folded.origin) == len(folded.digits)
    assert all(0 <= i < len(text) for i in folded.origin)
    assert folded.origin == sorted(folded.origin)
    assert folded.compact.isalnum() or not folded.compact
    assert folded.compact_at == sorted(set(folded.compact_at))
    assert all(i < len(folded.plain) for i in folded.compact_at)
