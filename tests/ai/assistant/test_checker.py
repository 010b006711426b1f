"""Nothing leaves that does not follow from the facts."""

import pytest

from ai.assistant.checker import Finding, check
from ai.assistant.models import Fact, Facts, Source
from tests.ai.assistant.conftest import kettle

FACTS = Facts(products=(kettle(),))
PRICE = Fact("kettle:price", Source.PRICE, "价格", "189")
WARRANTY = Fact("kettle:保修", Source.ATTRIBUTE, "保修", "一年")


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("便携式烧水壶现在189元。", []),
        ("现在188元。", [Finding("number", "188")]),
        ("It costs 189.00 yuan.", []),
        ("保修1年。", []),
        ("保修两年。", [Finding("number", "2")]),
        ("189元，保证不坏。", [Finding("promise", "保证")]),
        ("189元，全网最低。", [Finding("absolute", "全网最")]),
        ("189元，能治疗失眠。", [Finding("medical", "治疗")]),
        ("189元，联系13800138000。", [Finding("number", "13800138000"), Finding("private", "13800138000")]),
        ("As an AI language model I think 189.", [Finding("system", "as an ai")]),
    ],
)
def test_findings(text: str, findings: list[Finding]) -> None:
    assert check(text, [PRICE, WARRANTY], FACTS) == findings
