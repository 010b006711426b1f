"""Phrases by which hosts present and decline, put right where a recognizer wrote other characters of their sound."""

import re
from collections import defaultdict
from functools import lru_cache

from ai.cues.sounds import Sound, distance, sounds

_PHRASES = (
    "上链接", "号链接", "链接", "补货", "补货了", "返场", "返场了", "加库存", "库存", "现货", "预售",
    "秒杀", "包邮", "小黄车", "购物车", "直播间", "弹幕", "公屏", "评论区", "接下来", "下一个",
    "下一款", "第一个", "第二个", "第三个", "最后一个", "最后一款", "首先", "来看", "看一下", "给大家",
    "给你们", "你们要的", "大家要的", "推荐", "介绍", "压轴", "重磅", "新款", "新品", "爆款", "福利",
    "主角", "今天", "现在", "终于来了", "来了来了", "安排上", "抢回来", "补回来", "调回来", "又来了",
    "又有了", "等一下", "等会儿", "待会儿", "一会儿", "晚一点", "明天", "后天", "昨天", "前天", "下周",
    "上周", "上个月", "上个礼拜", "下个月", "过两天", "刚才", "刚刚", "之前", "以前", "去年", "卖完了",
    "卖空了", "卖光了", "抢完了", "抢光了", "没有了", "断货", "缺货", "下架", "售罄", "停产", "工厂",
    "厂家", "仓库", "还在赶", "还在路上", "没带", "再等等", "再等我", "有人问", "有朋友问", "有姐妹问",
    "位妈妈", "姐妹问", "粉丝问", "妈妈问", "大哥问", "有没有", "能不能", "什么时候", "多少钱",
    "怎么卖", "是不是", "不一样", "有什么区别", "不冲突", "一起用", "我妈", "我老公", "我婆婆",
    "我闺蜜", "小时候", "别家", "别人家", "隔壁", "赠品", "抽奖", "倒计时", "直接拍", "赶紧拍",
    "抓紧拍", "抢到", "没抢到", "拍下", "下单", "专柜", "原价", "吊牌价", "姐妹们", "家人们",
    "宝宝们", "朋友们", "听好了", "看过来", "好东西", "必备", "神器", "跟大家", "跟你们", "一模一样",
    "两个月", "三个月", "活动价", "一个价", "这个价", "到手价", "日常价", "福利价", "直播价", "今晚", "预告",
    "给到大家", "给到你们", "先不卖", "今天不卖", "不卖了",
    "先看", "先上", "先来", "先讲", "先说",
)  # fmt: skip
"""Also what is not to be taken for one of them."""
_COUNTED = "[个件支条瓶盒双把只袋包箱罐桶张副对根组份床台套斤]"
_IN_NUMBERS = (
    (re.compile(rf"(?<=\d)[亿以易](?=[大小整]?{_COUNTED})"), "一"),
    (re.compile(r"(?<=[十百])就(?=[块快])"), "九"),
    (re.compile(r"(?<=[九\d][块快])就(?=[,，。一]|$)"), "九"),
    (re.compile(r"(?<=[1-9]0)[吧瓣](?=[,，。]|$)"), "八"),
    (re.compile(r"(?<=[二三四五六七八九]十)[吧瓣](?=[,，。]|$)"), "八"),
    (re.compile(r"(?<=\d\d),(?=\d)|(?<=\d),(?!\d{3}(?!\d))(?=\d)"), "，"),
    (re.compile(rf"(?<=[,，])9(?=\d\d{_COUNTED})"), "就"),
    (re.compile(rf"为了(?=\d+(?!个)(?:{_COUNTED}|代))"), "备了"),
)
"""What stands for a word of its sound beside digits: "88亿包" is "八十八一包", "935台" after a pause "就三十五台",
"为了40台" is "备了四十台"; "98,199" are two numbers, "1,299" is one."""
_NEAR = 0.12
"""Mean distance of the sounds of three and more syllables; shorter phrases must sound the same."""
_SAME = 0.05


@lru_cache(maxsize=1)
def _phrases() -> dict[int, tuple[tuple[str, tuple[Sound, ...]], ...]]:
    """By length, the longest first."""
    by_length: dict[int, list[tuple[str, tuple[Sound, ...]]]] = defaultdict(list)
    for phrase in _PHRASES:
        by_length[len(phrase)].append((phrase, tuple(sounds(phrase))))
    return {length: tuple(by_length[length]) for length in sorted(by_length, reverse=True)}


@lru_cache(maxsize=512)
def as_meant(text: str) -> str:
    """`text` of the same length, phrases of `_PHRASES` written as they are meant: "2号练结" → "2号链接"."""
    heard = [sound for sound in sounds(text) if sound.is_syllable and text[sound.start] == sound.text]
    written = list(text)
    taken = [False] * len(text)
    for phrase in _PHRASES:
        for match in re.finditer(phrase, text):
            taken[match.start() : match.end()] = [True] * len(phrase)
    for length, phrases in _phrases().items():
        for first in range(len(heard) - length + 1):
            window = heard[first : first + length]
            start = window[0].start
            if window[-1].start != start + length - 1 or any(taken[start : start + length]):
                continue
            found = _nearest(window, phrases)
            if found is not None:
                written[start : start + length] = found
                taken[start : start + length] = [True] * length
    return _numbers_as_meant("".join(written))


def _numbers_as_meant(text: str) -> str:
    for pattern, meant in _IN_NUMBERS:
        text = pattern.sub(meant, text)
    return text


def _nearest(window: list[Sound], phrases: tuple[tuple[str, tuple[Sound, ...]], ...]) -> str | None:
    best: tuple[float, str] | None = None
    for phrase, wanted in phrases:
        apart = 0.0
        limit = (_NEAR if len(wanted) > 2 else _SAME) * len(wanted)
        for one, other in zip(wanted, window, strict=True):
            apart += distance(one, other)
            if apart > limit:
                break
        else:
            if best is None or apart < best[0]:
                best = (apart, phrase)
    return best[1] if best else None
