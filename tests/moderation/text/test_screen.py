"""The screen as a whole: disguises, innocent look-alikes, evidence, trouble."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.evaluation import figures, judge, load
from moderation.findings import Category, Finding, Surface
from moderation.policy import Action
from moderation.text import Screen
from moderation.text.evidence import Evidence
from moderation.text.rules import ALL
from moderation.text.screen import SCREENED_CHARACTERS

DATA = Path(__file__).parents[2] / "data" / "moderation"


@pytest.mark.parametrize(
    ("name", "exact", "caught", "false_alarms"),
    [
        ("given.json", 0.97, 0.97, 0.0),
        ("own.json", 0.97, 0.97, 0.01),
        ("second.json", 0.97, 0.97, 0.01),
        ("third.json", 0.97, 0.97, 0.01),
        ("innocent.json", 0.97, 0.0, 0.03),
        ("held_out.json", 0.95, 0.95, 0.03),
        ("ninth.json", 0.97, 0.97, 0.01),
        ("eleventh.json", 0.92, 0.9, 0.03),
        ("twelfth.json", 0.94, 0.94, 0.03),
        ("thirteenth.json", 0.97, 0.97, 0.01),
        ("names.json", 0.9, 0.92, 0.0),
    ],
)
def test_labelled_texts_come_out_as_expected(
    screen: Screen, name: str, exact: float, caught: float, false_alarms: float
) -> None:
    result = figures(judge(screen, load(DATA / name)))
    assert result["exact"] >= exact
    assert (result["caught"] or 0.0) >= caught
    assert result["false_alarms"] <= false_alarms


@pytest.mark.parametrize(
    ("text", "category", "evidence"),
    [
        ("主播 脑 残 才买", "abuse", "脑 残"),
        ("you are a f*cking joke", "abuse", "f*cking"),
        ("f u c k this", "abuse", "f u c k"),
        ("约pao吗", "sexual", "约pao"),
        ("来赌bo吧，赌bo网", "gambling", "赌bo网"),
        ("加➕薇❤ abc1234", "diversion", "薇❤ abc1234"),
        ("c4sino here", "gambling", "c4sino"),
        ("傻の逼", "abuse", "傻の逼"),
        ("only an 1d1ot buys this", "abuse", "1d1ot"),
        ("想 跟 你 过 夜", "sexual", "想 跟 你 过 夜"),
        ("身份证110101199003074514", "privacy", "110101199003074514"),
    ],
)
def test_evidence_is_the_original_text_at_its_place(
    screen: Screen, text: str, category: str, evidence: str
) -> None:
    findings = screen.check(text).findings
    found = [f for f in findings if f.category == category]
    assert evidence in [f.evidence for f in found]
    assert all(text[f.start : f.end] == f.evidence for f in findings)


@pytest.mark.parametrize(
    "text",
    [
        "我在 Scunthorpe",
        "用微信支付",
        "这把操作杆",
        "去死皮的",
        "订单20261123000188",
        "a cocktail dress",
        "这么大，便宜",
    ],
)
def test_innocent_look_alikes_pass(screen: Screen, text: str) -> None:
    assert screen.check(text).action is Action.ALLOW


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("我真是个废物，又没抢到", Action.ALLOW),
        ("我家傻狗又吃多了", Action.ALLOW),
        ("i am such a moron, wrong size", Action.ALLOW),
        ("我看你真是个废物", Action.BLOCK),
        ("你家傻狗主播", Action.BLOCK),
    ],
)
def test_hard_words_about_oneself_hurt_nobody(screen: Screen, text: str, action: Action) -> None:
    assert screen.check(text).action is action


def test_the_number_of_a_card_is_private_and_no_lure(screen: Screen) -> None:
    assert {f.category for f in screen.check("卡号6217 0000 1000 2345 678 查下退款").findings} == {"privacy"}


def test_claims_are_forbidden_on_air_and_in_the_catalogue_but_not_to_viewers(screen: Screen) -> None:
    text = "这是全网最低价"
    assert screen.check(text, "speech").action is Action.FLAG
    assert screen.check(text, "product").action is Action.FLAG
    assert screen.check(text, "chat").action is Action.ALLOW


def test_what_is_denied_is_not_claimed(screen: Screen) -> None:
    assert screen.check("它不能治疗湿疹", "speech").action is Action.ALLOW
    assert screen.check("它能治疗湿疹", "speech").action is Action.FLAG
    assert screen.check("it does not cure eczema", "speech").action is Action.ALLOW
    assert screen.check("it cures eczema", "speech").action is Action.FLAG


@pytest.mark.parametrize("text", ["不要私下转账", "谨防私下交易", "never pay outside the app"])
def test_a_warning_of_luring_is_no_luring(screen: Screen, text: str) -> None:
    assert screen.check(text, "speech").action is Action.ALLOW


@pytest.mark.parametrize(
    "text", ["别墨迹加我微信 abc123", "don't wait add me on whatsapp", "别在这买，加我微信"]
)
def test_a_negation_of_something_else_does_not_excuse_luring(screen: Screen, text: str) -> None:
    assert screen.check(text, "chat").action is Action.BLOCK


def test_speech_is_never_held_back(screen: Screen) -> None:
    assert screen.check("加我微信 abc12345", "speech").action is Action.FLAG
    assert screen.check("加我微信 abc12345", "chat").action is Action.BLOCK


def test_a_very_long_text_is_held_and_reported_as_unscreened(screen: Screen) -> None:
    verdict = screen.check("好" * 50_000 + "你好" * 25_000)
    assert verdict.action is Action.BLOCK
    assert verdict.findings[0] == Finding(
        Category.UNSCREENED, 1.0, "screen.length", SCREENED_CHARACTERS, 100_000, ""
    )


@pytest.mark.parametrize(
    "text",
    [
        "\ud800",
        "\udc00加我微信\ud800abc",
        "",
        "\x00",
        "\u202e",
        "👨‍👩‍👧‍👦" * 50,
        "a" * 5000,
        "1 " * 2500,
        "@" * 999,
        "(" * 999,
    ],
)
def test_strange_texts_are_screened(screen: Screen, text: str) -> None:
    assert not [f for f in screen.check(text).findings if f.category is Category.UNSCREENED]


def test_a_rule_that_crashes_holds_the_text_and_the_others_go_on() -> None:
    def broken(evidence: Evidence) -> list[Finding]:
        raise RuntimeError("broken")

    verdict = Screen(rules=(("broken", broken), *ALL)).check("去死吧废物")
    assert verdict.action is Action.BLOCK
    assert [f.detector for f in verdict.findings if f.category == "unscreened"] == ["broken.failure"]
    assert [f for f in verdict.findings if f.category == "abuse"]


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=120), surface=st.sampled_from(list(Surface)))
def test_any_text_gives_findings_within_itself(screen: Screen, text: str, surface: Surface) -> None:
    for finding in screen.check(text, surface).findings:
        assert finding.category is not Category.UNSCREENED
        assert 0 <= finding.start <= finding.end <= len(text)
        assert 0 < finding.score <= 1
        assert finding.evidence == text[finding.start : finding.end]


def test_every_term_of_the_lists_is_found_by_itself(screen: Screen) -> None:
    """A term that its own exceptions or the normalization hide would be dead weight."""
    dead = []
    for term in screen.lexicon.terms:
        if term.kind == "exception" or re.search(r"[*]", term.text):
            continue
        hits = screen.evidence(term.text, Surface.SPEECH).hits
        if not any(h.term == term for found in hits.values() for h in found):
            dead.append(f"{term.category}.{term.kind} {term.text}")
    assert dead == []
