"""The table of rules: matching, versions, patterns of admins, the dry run."""

import asyncio

import pytest

from app.core.clock import ManualClock
from moderation.findings import Category, Finding, Surface
from moderation.policies.service import PastText, PolicyBook, RememberedTexts
from moderation.policy import Action, Effect, PatternEntry, Policy, PolicyRule, Subject, default_policy
from moderation.runtime import Moderation
from moderation.text import Screen
from moderation.text.custom import BadPattern, compile_pattern
from tests.moderation.conftest import People

CHAT = Subject(Surface.CHAT)
ABUSE = Finding(Category.ABUSE, 0.9, "abuse.terms", 0, 1, "x")


def test_the_first_row_that_matches_speaks_and_effects_add_up() -> None:
    policy = Policy((
        PolicyRule("abuse", (), room_id="quiet"),
        PolicyRule("abuse", (Effect.HOLD,), 0.95),
        PolicyRule("abuse", (Effect.MASK,), role="viewer"),
        PolicyRule("*", (Effect.CASE,)),
    ))  # fmt: skip
    spam = Finding("spam", 0.8, "spam.terms", 0, 1, "x")
    assert policy.effects([ABUSE, spam], CHAT) == {Effect.MASK, Effect.CASE}
    assert policy.effects([ABUSE], Subject(Surface.CHAT, room_id="quiet")) == frozenset()
    assert policy.effects([ABUSE], Subject(Surface.CHAT, role="host")) == {Effect.CASE}
    assert policy.effects([Finding("spam", 0.4, "spam.terms", 0, 1, "x")], CHAT) == frozenset()


def test_a_row_for_the_repeated_waits_for_its_number() -> None:
    policy = Policy((PolicyRule("abuse", (Effect.MUTE,), repeats=3), PolicyRule("abuse", (Effect.WARN,))))
    seen = [policy.effects([ABUSE], Subject(Surface.CHAT, counts={"abuse": n})) for n in (1, 2, 3, 4)]
    assert seen == [{Effect.WARN}, {Effect.WARN}, {Effect.MUTE}, {Effect.MUTE}]


async def test_versions_follow_each_other_and_only_admins_make_them(
    moderation: Moderation, people: People
) -> None:
    url = "/api/moderation/policy"
    current = (await people.ada.client.get(url)).json()
    assert current["version"] == 0
    assert len(current["rules"]) == len(default_policy().rules)
    change = {
        "based_on": 0,
        "note": "Spam is held",
        "rules": [{"category": "spam", "effects": ["hold", "case"]}, *current["rules"]],
        "patterns": [{"category": "spam", "kind": "word", "text": "清仓大甩卖"}],
    }
    assert (await people.ada.client.put(url, json=change)).status_code == 403
    answers = await asyncio.gather(*(people.admin.client.put(url, json=change) for _ in range(4)))
    assert sorted(a.status_code for a in answers) == [200, 409, 409, 409]
    assert {a.json().get("code") for a in answers if a.status_code == 409} == {"policy_changed"}
    after = (await people.ada.client.get(url)).json()
    assert (after["version"], after["note"], after["created_by"]) == (1, "Spam is held", "Root")
    versions = (await people.ada.client.get(f"{url}/versions")).json()["items"]
    assert [v["version"] for v in versions] == [1]
    assert (await people.ada.client.get(f"{url}/versions/7")).json()["code"] == "policy_not_found"


async def test_a_new_version_counts_within_seconds(
    moderation: Moderation, people: People, clock: ManualClock, screen: Screen
) -> None:
    book = PolicyBook(moderation.db, clock)
    assert (await book.current()).version == 0
    await people.admin.client.put(
        "/api/moderation/policy",
        json={
            "based_on": 0,
            "note": "new slang",
            "rules": [{"category": "abuse", "effects": ["hold"]}],
            "patterns": [{"category": "abuse", "kind": "word", "text": "大聪明"}],
        },
    )
    assert (await book.current()).version == 0
    clock.advance(5)
    policy = await book.current()
    assert policy.version == 1
    verdict = screen.check("你真是个大 聪 明", policy=policy)
    assert (verdict.action, verdict.findings[0].evidence) == (Action.BLOCK, "大 聪 明")
    assert verdict.policy_version == 1


async def test_without_a_database_the_last_policy_stays(moderation: Moderation, clock: ManualClock) -> None:
    book = PolicyBook(moderation.db, clock)
    known = await book.current()
    await moderation.db.pool.close()
    clock.advance(60)
    assert await book.current() is known


@pytest.mark.parametrize(
    "text", ["(", "a{2000}{2000}", "", " ", "a*", ".?", "(?=x)", "x" * 501, r"(\w+\s?)*$"]
)
def test_patterns_that_cannot_be_used_are_refused(text: str) -> None:
    with pytest.raises(BadPattern):
        compile_pattern(text)


async def test_a_refused_pattern_changes_nothing_and_is_named(moderation: Moderation, people: People) -> None:
    answer = await people.admin.client.put(
        "/api/moderation/policy",
        json={
            "based_on": 0,
            "note": "x",
            "rules": [],
            "patterns": [{"category": "spam", "kind": "regex", "text": "a(b"}],
        },
    )
    body = answer.json()
    assert (answer.status_code, body["code"], body["pattern"]) == (422, "invalid_pattern", "a(b")
    assert (await people.admin.client.get("/api/moderation/policy")).json()["version"] == 0


def test_a_pattern_that_would_hang_other_engines_answers(screen: Screen) -> None:
    bomb = PatternEntry("spam", "regex", r"(a+)+b", 0.9)
    policy = Policy(default_policy().rules, (bomb,))
    text = "a" * 4_999
    assert "spam.custom" not in [f.detector for f in screen.check(text, policy=policy).findings]
    assert "spam.custom" in [f.detector for f in screen.check("aaab", policy=policy).findings]


async def test_the_dry_run_tells_what_would_change(
    moderation: Moderation, people: People, past: RememberedTexts
) -> None:
    past.texts = [
        PastText(Surface.CHAT, "viewer", "r", "你就是个傻逼主播"),
        PastText(Surface.CHAT, "viewer", "r", "这个多少钱"),
        PastText(Surface.CHAT, "viewer", "r", "大聪明来了"),
    ]
    form = {
        "rules": [{"category": "abuse", "effects": ["case"]}],
        "patterns": [{"category": "abuse", "kind": "word", "text": "大聪明"}],
    }
    answer = await people.admin.client.post("/api/moderation/policy/dry-run", json=form)
    body = answer.json()
    assert body["texts"] == 3
    assert body["changes"] == {"block>flag": 1, "allow>flag": 1}
    assert body["samples"][1] == {
        "surface": "chat",
        "text": "大聪明来了",
        "before": "allow",
        "after": "flag",
        "because_of": ["abuse.custom"],
    }
    assert (await people.ada.client.post("/api/moderation/policy/dry-run", json=form)).status_code == 403
    assert (await people.ada.client.get("/api/moderation/policy")).json()["version"] == 0
