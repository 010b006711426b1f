"""What is decided while a sentence grows, and what more of it takes back."""

from collections.abc import Callable, Sequence

import pytest

from ai.cues.decisions import Pin
from ai.cues.engine import CueEngine
from ai.cues.presentation import Reading, read
from ai.cues.products import ListedProduct
from ai.cues.screen import PinSettings
from ai.cues.usage import Usage
from ai.transcription.segments import PartialSegment, Segment, TranscriptSegment
from app.core.ids import new_id
from tests.ai.cues.catalogue import PRODUCTS


class GrowingSentence:
    """One utterance, a hypothesis every half second."""

    def __init__(
        self,
        products: Sequence[ListedProduct] = PRODUCTS,
        language: str = "zh",
        reader: Callable[[Usage], Reading] = read,
    ) -> None:
        self.engine = CueEngine(products, PinSettings(), reader)
        self._language = language
        self._id = new_id()
        self.now_s = 0.0

    def hears(self, text: str, *, log_probability: float = -0.2, final: bool = False) -> list[str]:
        """The products that are pinned now."""
        self.now_s += 0.5
        if final:
            segment: Segment = TranscriptSegment(self._id, text, self._language, 0.0, self.now_s)
        else:
            segment = PartialSegment(
                self._id, text, text, self._language, 0.0, self.now_s, "", log_probability
            )
        return [d.product_id for d in self.engine.observe(segment, self.now_s) if isinstance(d, Pin)]


SILK = ListedProduct("silk", "真丝睡衣", "Silk Pajama Set")
ICE = ListedProduct("ice", "冰丝睡衣", "Ice Silk Pajama Set")


def test_a_near_name_heard_in_passing_does_not_replace_the_one_that_was_said() -> None:
    host = GrowingSentence((SILK, ICE), "en")
    host.hears("Next up, this is the ice silk pajama set")
    assert host.hears("Next up, this is the ice silk pajama set, I am wearing it") == ["ice"]

    assert host.hears("Next up, this is the eye silk pajama set, I am wearing it right") == []
    assert host.hears("Next up, this is the ice silk pajama set, I am wearing it right now", final=True) == []
    assert [d for d in host.engine.tick(host.now_s + 5) if isinstance(d, Pin)] == []


def test_a_pin_that_waits_for_its_turn_is_given_up_when_something_else_was_meant() -> None:
    host = GrowingSentence()
    lamp = TranscriptSegment(new_id(), "先看这个护眼台灯,没有频闪", "zh", 0.0, 0.4)
    assert [d.product_id for d in host.engine.observe(lamp, 0.4) if isinstance(d, Pin)] == ["lamp"]

    host.hears("接下来看便携式烧水壶")
    assert host.hears("接下来看便携式烧水壶放在包里就可以") == [], "the lamp stays its least time"
    assert host.hears("接下来看旁边的烤架放在包里就可以带走", final=True) == []

    assert [d for d in host.engine.tick(host.now_s + 5) if isinstance(d, Pin)] == []


def test_a_name_without_anything_that_presents_it_is_heard_further() -> None:
    host = GrowingSentence((ListedProduct("case", "大容量托运箱", "Large Check-In Suitcase"),), "en")
    host.hears("Free shipping, the large check-in suitcase")

    assert host.hears("Free shipping, the large check-in suitcase in") == []
    assert (
        host.hears(
            "Free shipping, the large check-in suitcase in black is one we will not have until June",
            final=True,
        )
        == []
    )


def test_doubtful_words_that_stay_the_same_become_sure() -> None:
    sentence = "那就上便携式烧水壶,比面是不锈钢"
    host = GrowingSentence()
    pins = [host.hears(sentence[: 12 + n], log_probability=-0.55) for n in range(5)]

    assert pins[0] == []
    assert ["kettle"] in pins[1:]


@pytest.mark.parametrize(("rule", "pinned"), [("next in the show", True), ("a viewer asks", False)])
def test_repeating_makes_up_for_doubt_only_where_nothing_speaks_against_it(rule: str, pinned: bool) -> None:
    host = GrowingSentence(reader=lambda usage: Reading(0.94, (rule,)))
    pins = [host.hears("大家看看便携式烧水壶今天有没有优惠", log_probability=-0.6) for _ in range(6)]

    assert (["kettle"] in pins) is pinned


def test_a_question_that_is_hard_to_hear_stays_a_question() -> None:
    host = GrowingSentence()
    heard = [host.hears("有人问便携式烧水壶今天有没有优惠", log_probability=-0.6) for _ in range(6)]

    assert heard == [[]] * 6


def test_a_short_name_that_only_sounds_the_same_is_another_word() -> None:
    wipes = ListedProduct("wipes", "婴儿手口湿巾", "Baby Wipes", ("湿巾",), 5900, 9900, 1, 40)
    host = GrowingSentence((wipes,))

    assert host.hears("这一袋是十斤装,直播间到手价59块9", final=True) == []
