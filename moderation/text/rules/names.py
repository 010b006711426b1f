"""Names alone: who poses as the platform, its staff or the state, and ways of being reached that hide in a name.

Source: China's rules on account names (互联网用户账号信息管理规定, 2022, articles 7 and 8).
"""

from collections.abc import Iterator
from functools import lru_cache

import re2

from ...findings import Category, Finding, Surface
from ..evidence import Evidence

_LEET = str.maketrans("013457@$!", "oieastasi")
_STAFF_ZH = (
    r"(?:官方|平台|系统|本站|超级|后台|总)(?:在线|人工)?(?:客服|小?助手|助理|管理员?$|管理员|通知|消息|公告|审核|巡查|运营|工作人员|账号|认证号?|售后|专员|退款|中奖|活动)",
    r"^(?:在线|人工|售后|售前|退款|专属|专业|直播间?|商城|店铺|vip)*客服(?:部|中心|专员|经理|代表|小?[\p{Han}]{1,2}|号)?[a-z]?\d*号?$",
    r"(?:退款|售后|理赔|赔付|仲裁|审核|风控|巡查|稽查)(?:专员|中心|客服|部门?|小?助手|员)",
    r"^(?:系统|平台|超级|社区|网站|直播)?管理员[a-z\d]*$|^(?:官方|系统消息|平台通知)[\d\W]*$",
    r"(?:官方|平台|直播)[\p{Han}]{0,3}(?:审核员|管理员|巡查员|客服)",
)
_STAFF_EN = (
    r"\bshopcast\W*(?:support|official|team|admin\w*|staff|help\w*|service|mod(?:erator)?s?|care|refunds?|security)\b|\b(?:official|real|team)\W*shopcast\b|^shopcast$",
    r"^\W*(?:the\W+)?(?:site\W*|super\W*|sys\W*)?(?:admin(?:istrator)?|moderator|sysop|root|system|official|help\W?desk)\W*\d*\W*$",
    r"\b(?:official|verified|platform|live|site)\W*(?:support|admin(?:istrator)?|moderator|mod|staff|team|help|service|refunds?|account)\b",
    r"^\W*(?:customer|client|refunds?|platform|live\W?chat|tech(?:nical)?)\W*(?:service|support|care|help|agent|team|desk|staff|department)s?\W*\d*\W*$",
    r"\bsupport\W*(?:team|agent|desk|staff)\b",
)
_STATE = (
    r"习(?:大大|近平|主席|总书记)|国家主席|总书记|(?:毛|邓)主席$|毛泽东|邓小平|江泽民|胡锦涛|温家宝|李克强|周恩来|党中央|国务院|中央军委|中纪委",
    r"^(?:中国|国家|[\p{Han}]{1,4}[省市区县])?(?:公安局?|派出所|法院|检察院|税务局|市场监管局?|工商局|网信办|反诈中心|消费者协会|消协)(?:官方|客服|通知|号)?\d*$",
    r"^(?:人民日报|新华社|新华网|央视(?:新闻)?|中央电视台|cctv\W*(?:news)?)$",
    r"^\W*(?:president\W+)?xi\W*jin\W*ping\W*$",
)
_CHANNEL = (
    r"(?:^|[^a-z])(?:qq|vx|wx|v信|weixin|wechat|tg|telegram|whats\W?app|kakao|zalo|skype)[号:_\-. @]{0,3}"
    r"(?:\d{5,12}|[a-z][a-z0-9_\-]*[\d_][a-z0-9_\-]*)",
    r"(?:微信?|薇信?|微❤|扣扣|企鹅|电报|公众号|抖音号?|小红书号?|威信|卫星)[号:_\-. ]{0,3}(\d{5,12}|[a-z][a-z0-9_\-]{4,})",
    r"(?:telegram|whats\W?app|wechat)[_@:.\-]+[a-z]\w{2,}",
    r"(?:^|[^a-z])(?:dm|pm|hmu|text|msg)\W?(?:me|4|for|to)\W?[a-z]*",
)
_LEAD = (
    r"(?:看|点|进|戳|来|逛|加|搜)(?:我|一下|下|看)?的?(?:主页|主叶|煮页|头像|简介|签名|资料|橱窗|置顶)",
    r"(?:主页|主叶|煮页|头像|简介|签名|橱窗|置顶)(?:有|领|见|看|加|进|自取|送|联系|扣|免费|福利|惊喜)",
    r"\b(?:check|see|look|click|tap|visit)\W*(?:out\W*)?(?:my|the)?\W*(?:bio|profile|link|page)\b|\blink\W?in\W?(?:my\W?)?bio\b",
)
_TRADE = (
    r"^(?:专业|诚信|常年|长期|低价|大量)?(?:卖|买|刷|涨|加|出|收)(?:活|真|僵尸)?粉丝?(?:的|号|商|团队|工作室)?[a-z\d]*$",
)
_FEWEST_DIGITS = 7


def find(evidence: Evidence) -> list[Finding]:
    """Nothing on other surfaces."""
    return list(_found(evidence)) if evidence.surface is Surface.PROFILE else []


def _found(evidence: Evidence) -> Iterator[Finding]:
    joined, at = _without_gaps(evidence)
    plain = evidence.text.plain
    unmasked = plain.translate(_LEET)
    for category, score, detector, patterns, source in (
        (Category.IMPERSONATION, 0.9, "names.staff", _STAFF_ZH, joined),
        (Category.IMPERSONATION, 0.9, "names.staff", _STAFF_EN, unmasked.replace("_", " ")),
        (Category.IMPERSONATION, 0.85, "names.state", _STATE, joined),
        (Category.DIVERSION, 0.9, "names.handle", _CHANNEL, plain),
        (Category.DIVERSION, 0.7, "names.lead", _LEAD, joined),
        (Category.ILLEGAL, 0.8, "names.trade", _TRADE, joined),
    ):
        for pattern in _compiled(patterns):
            match = pattern.search(source)
            if match is not None and match.start() < match.end():
                start, end = match.span()
                if source is joined:
                    start, end = at[start], at[end - 1] + 1
                yield evidence.finding(category, score, detector, start, end)
                break
    numerals = _NUMERAL_RUN.search(joined)
    if numerals is not None:
        start, end = at[numerals.start()], at[numerals.end() - 1] + 1
        yield evidence.finding(Category.DIVERSION, 0.8, "names.spelled_number", start, end)


_NUMERAL_RUN = re2.compile(rf"[零〇一二两三四五六七八九幺壹贰叁肆伍陆柒捌玖十]{{{_FEWEST_DIGITS},}}")


@lru_cache
def _compiled(patterns: tuple[str, ...]) -> "tuple[re2._Regexp[str], ...]":
    return tuple(re2.compile(pattern) for pattern in patterns)


def _without_gaps(evidence: Evidence) -> tuple[str, list[int]]:
    """The name without blanks and signs between Chinese characters, and where each character stands in `plain`."""
    plain = evidence.text.plain
    at = [n for n, character in enumerate(plain) if character.isalnum() or character in "_@"]
    return "".join(plain[n] for n in at), at
