"""A host names the room that everybody is in; in the chat the same words lead away from it."""

import pytest

from moderation.policy import Action
from moderation.text import Screen


@pytest.mark.parametrize("text", ["欢迎来到我的直播间,点个关注", "晚上好，欢迎来到我们直播间"])
def test_a_host_may_welcome_to_the_own_room(screen: Screen, text: str) -> None:
    assert screen.check(text, "speech").action is Action.ALLOW


def test_leading_away_is_found_in_speech_and_chat(screen: Screen) -> None:
    assert screen.check("到我直播间来，某宝搜小美代购", "speech").action is Action.FLAG
    assert screen.check("到我直播间来，同款一半价钱", "chat").action is Action.BLOCK
