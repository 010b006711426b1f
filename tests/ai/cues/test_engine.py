"""From words to pins: who is presented, when it is pinned, what the host's hand decides."""

from uuid import UUID

import pytest

from ai.cues.decisions import Explained, Offer, Pin, Suggest, Unpin, Warn
from ai.cues.engine import CueEngine
from ai.cues.presentation import Act, read
from ai.cues.products import ListedProduct
from ai.cues.screen import PinSettings
from ai.cues.usage import Usage
from ai.transcription.segments import PartialSegment, TranscriptSegment
from app.core.ids import new_id
from tests.ai.cues.catalogue import PRODUCTS


class Host:
    """Speaks to an engine; each sentence takes five seconds, then five of silence."""

    def __init__(self, settings: PinSettings | None = None) -> None:
        self.engine = CueEngine(PRODUCTS, settings or PinSettings())
        self.now_s = 0.0

    def says(self, text: str, language: str = "zh") -> list[object]:
        start_s, self.now_s = self.now_s, self.now_s + 10
        segment = TranscriptSegment(new_id(), text, language, start_s, start_s + 5)
        return list(self.engine.observe(segment, start_s + 5.5))

    def pins(self, text: str, language: str = "zh") -> list[str]:
        return [decision.product_id for decision in self.says(text, language) if isinstance(decision, Pin)]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("接下来看第二款,五升可视空气炸锅,特别好用", "zh"),
        ("来先看这台5升可是空气炸锅可以看到里面的食物", "zh"),
        ("没有抢到空气炸锅的朋友,我们再加十台,现在重新上链接", "zh"),
        ("Next up, the 5L visible air fryer, so easy to clean.", "en"),
        ("And for my busy moms, this is the visible air fryer.", "en"),
    ],
)
def test_presenting_pins(text: str, language: str) -> None:
    assert Host().pins(text, language) == ["fryer"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("等一下还有空气炸锅,大家先不要着急", "zh"),
        ("昨天卖的空气炸锅已经没有了", "zh"),
        ("有人问它和空气炸锅有什么区别", "zh"),
        ("我妈妈特别喜欢空气炸锅,天天用", "zh"),
        ("这个比空气炸锅便宜多了", "zh"),
        ("Later tonight we will also have the air fryer, so stay with me.", "en"),
        ("Somebody asked about the air fryer.", "en"),
        ("Unlike the air fryer, this one is small.", "en"),
        ("The air fryer sold out yesterday.", "en"),
    ],
)
def test_mentioning_does_not(text: str, language: str) -> None:
    assert Host().pins(text, language) == []


def test_an_unseen_product_is_read_the_same_way() -> None:
    """The rules know the language, not the shop."""
    introduced = read(Usage("好,下一个是我们的", "陶瓷花瓶", ",手工做的", "zh", whole_name=True))
    asked = read(Usage("有朋友问", "陶瓷花瓶", "什么时候有货", "zh", whole_name=True))

    assert (introduced.act, asked.act) == (Act.INTRODUCE, Act.MENTION)
    assert "next in the show" in introduced.rules
    assert "a viewer asks" in asked.rules


def test_a_product_is_pinned_once_and_its_evidence_kept() -> None:
    host = Host()
    [pin] = [d for d in host.says("接下来看五升可视空气炸锅,特别好用") if isinstance(d, Pin)]

    assert pin.evidence.text == "接下来看五升可视空气炸锅,特别好用"
    assert 0.9 <= pin.evidence.score <= 1
    assert "next in the show" in pin.evidence.rule
    assert host.pins("接下来这个空气炸锅可以看到里面的食物") == []
    assert host.pins("再来看这个护眼台灯,没有频闪") == ["lamp"]
    assert host.pins("最后再看一下五升可视空气炸锅,现在重新上链接") == ["fryer"], "a new introduction"


def test_a_growing_utterance_pins_before_it_ends_and_only_once() -> None:
    host = Host()
    utterance = new_id()

    def partial(text: str, stable: str, end_s: float) -> list[object]:
        return list(host.engine.observe(PartialSegment(utterance, text, stable, "zh", 0, end_s), end_s))

    assert partial("接下来看", "", 1.0) == []
    assert partial("接下来看五升可视空气炸锅", "接下来看", 1.6) == []
    assert partial("接下来看五升可视空气炸锅特", "接下来看五升可视空气炸锅", 1.9) == [], "too little follows"
    [pin] = partial("接下来看五升可视空气炸锅特别好", "接下来看五升可视空气炸锅", 2.2)
    assert isinstance(pin, Pin)
    final = TranscriptSegment(utterance, "接下来看五升可视空气炸锅特别好用", "zh", 0, 3)
    assert [d for d in host.engine.observe(final, 3.0) if isinstance(d, Pin)] == []


def test_a_sentence_that_turns_into_a_mention_does_not_pin() -> None:
    host = Host()
    utterance = new_id()
    texts = ("这个空气炸锅", "这个空气炸锅昨天", "这个空气炸锅昨天就卖完了")
    for end_s, text in enumerate(texts, 1):
        segment = PartialSegment(utterance, text, text[:2], "zh", 0, end_s)
        assert list(host.engine.observe(segment, end_s)) == []


def test_near_names_become_a_suggestion_of_both() -> None:
    decisions = Host().says("接下来看这支双头眉笔,手残党也会画")

    assert {d.product_id for d in decisions if isinstance(d, Suggest)} == {"black", "brown"}
    assert [d for d in decisions if isinstance(d, Pin)] == []


def test_suggest_only_rooms_suggest() -> None:
    decisions = Host(PinSettings(automatic=False)).says("接下来看五升可视空气炸锅,特别好用")

    assert [type(d) for d in decisions] == [Suggest]


def test_link_numbers_pin() -> None:
    assert Host().pins("来看二号链接,没有频闪,写作业不累眼睛") == ["lamp"]


def test_a_set_is_pinned_together() -> None:
    host = Host(PinSettings(min_on_screen_s=0))
    assert host.pins("今天给大家带来五升可视空气炸锅,护眼台灯,两款一起带走") == ["fryer", "lamp"]
    assert host.engine.screen.pinned == ("fryer", "lamp")


def test_a_pin_stays_its_least_time_and_the_next_one_follows() -> None:
    host = Host(PinSettings(min_on_screen_s=20))
    assert host.pins("接下来看五升可视空气炸锅,特别好用") == ["fryer"]
    assert host.pins("再来看这个护眼台灯,没有频闪") == []
    [pin] = [d for d in host.engine.tick(25.5) if isinstance(d, Pin)]
    assert (pin.product_id, pin.replaces) == ("lamp", ("fryer",))


def test_the_hosts_hand_wins() -> None:
    host = Host()
    host.engine.screen.sync(pinned=["lamp"], by_host=["lamp", "fryer"], now_s=0)
    assert host.pins("接下来看五升可视空气炸锅,特别好用") == [], "taken off by hand before"
    assert host.engine.screen.pinned == ("lamp",)
    assert host.pins("下一个便携式烧水壶,放在包里就可以带走") == ["kettle"]


def test_a_pin_of_which_nothing_is_heard_expires() -> None:
    host = Host(PinSettings(expires_s=60))
    host.says("接下来看五升可视空气炸锅,特别好用")

    expired = host.engine.tick(5.5 + 60)

    assert [d.product_id for d in expired if isinstance(d, Unpin)] == ["fryer"]
    assert host.engine.screen.pinned == ()


def test_prices_stock_and_announcements_concern_the_product_on_screen() -> None:
    host = Host()
    host.says("接下来看五升可视空气炸锅,特别好用")
    decisions = host.says("今天到手价只要一百九十九,三二一上链接")

    [warning] = [d for d in decisions if isinstance(d, Warn)]
    assert (warning.product_id, warning.said, warning.held) == ("fryer", 19900, 29900)
    assert [d.product_id for d in decisions if isinstance(d, Offer)][:1] == ["fryer"]


def test_explanations_reach_from_the_first_word_to_the_next_product() -> None:
    host = Host()
    host.says("大家好")
    host.says("接下来看五升可视空气炸锅,特别好用")
    host.says("不用翻面,一滴油都不用放")
    [explained] = [d for d in host.says("再来看这个护眼台灯,没有频闪") if isinstance(d, Explained)]

    assert (explained.product_id, explained.start_s, explained.end_s) == ("fryer", 10, 25)
    assert len(explained.segments) == 2
    assert all(isinstance(segment, UUID) for segment in explained.segments)
    assert [d.product_id for d in host.engine.finish() if isinstance(d, Explained)] == ["lamp"]


def test_a_wrong_price_is_called_out_while_the_sentence_goes_on_and_once() -> None:
    host = Host()
    host.says("接下来看五升可视空气炸锅,特别好用")
    heard = "今天只要九十九元,家里人多的一定要带一台"
    id, grown = new_id(), heard + ",三年质保"

    def warned(segment: PartialSegment | TranscriptSegment) -> list[tuple[int, int]]:
        return [(d.said, d.held) for d in host.engine.observe(segment, 20) if isinstance(d, Warn)]

    def partial(text: str, stable: str) -> PartialSegment:
        return PartialSegment(id, text, stable, "zh", 15, 20)

    assert warned(partial(heard[:6], heard[:6])) == [], "the number may still grow"
    assert warned(partial(heard, heard[:5])) == [], "only one hypothesis holds it"
    assert warned(partial(heard, heard)) == [(9900, 29900)]
    assert warned(TranscriptSegment(id, grown, "zh", 15, 22)) == []


def test_a_sentence_in_two_languages_pins() -> None:
    assert Host().pins("接下来给大家看一个Travel Electric Kettle,放在包里就可以带走") == ["kettle"]


def test_two_products_with_one_name_are_suggested_and_names_of_one_character_need_presenting() -> None:
    tea = ListedProduct("tea", "茶", position=1)
    twins = [ListedProduct(id, "真丝睡衣", position=n) for n, id in enumerate(("silk-a", "silk-b"), 2)]
    engine = CueEngine([tea, *twins], PinSettings())

    def hears(text: str, at_s: float) -> list[tuple[type, str]]:
        found = engine.observe(TranscriptSegment(new_id(), text, "zh", at_s, at_s + 4), at_s + 5)
        return [(type(d), d.product_id) for d in found if isinstance(d, Pin | Suggest)]

    assert hears("我先喝口茶,嗓子有点干", 0) == []
    assert hears("接下来给大家带来一款真丝睡衣,摸上去滑滑的", 20) == [
        (Suggest, "silk-a"),
        (Suggest, "silk-b"),
    ]
    assert hears("二号链接给大家打开了,赶紧去拍", 40) == [(Pin, "silk-a")]


def test_a_short_name_in_the_praise_of_another_product_does_not_pin() -> None:
    assert Host().pins("接下来看这款五升可视空气炸锅,放在台灯旁边都不占地方") == ["fryer"]


def test_what_a_finished_product_was_called_does_not_lead_to_the_next_name() -> None:
    host = Host()
    assert host.pins("接下来看五升可视空气炸锅,今天就这个价,大家喜欢这个的赶紧拍") == ["fryer"]
    assert host.pins("便携式烧水壶有人说太小了,各有各的好") == []


def test_a_name_that_the_recognizer_repeats_does_not_pin() -> None:
    assert Host().pins("便携式烧水壶,便携式烧水壶,便携式") == []
