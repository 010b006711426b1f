"""How hosts say prices and stock: what stands before a number, and what follows it. Chinese | English."""

import re

NOW = re.compile(
    r"(?:只要|只需|仅需|仅要|到手价?|特价|秒杀价?|福利价|现价|活动价|优惠价|惊喜价|专享价|折后价?|破价|[一这]个价|价格是?|多少钱|直播(?:间|价)|卖你们?|今天|今晚|现在)"
    r"(?:只要|只|才|就|是|卖|你们?|给|得|到|你|大家|直接|拿走|我(?:这里|这边|家)|在|直播间|直播价|到手价?|活动价?|破价|价|的|要|仅|需"
    r"|[\s,，]){0,6}$"
    r"|\b(?:only|just|for|tonight|today|now|price(?: is)?|yours for|costs?|at|(?:it|that|this)(?: i|')s|gets? (?:it|them))\b"
    r"(?:[\s,]+(?:it|is|it's|they|are|they're|only|just|for|at|you pay))*\s*\$?$",
    re.IGNORECASE,
)
BEFORE = re.compile(
    r"(?:原价|平时|专柜|吊牌价?|外面|市场价|官网|正常|日常|以前|商场|超市|别家|别人)[^,，。\s\d]{0,8}$"
    r"|\b(?:usual(?:ly)?|normal(?:ly)?|regular(?:ly)?|original(?:ly)?|retails?|was|list price|down from|instead of|from"
    r"|(?:other|outside|most) (?:shops|stores|places))\b"
    r"[^.\d]{0,20}$",
    re.IGNORECASE,
)
DISCOUNT = re.compile(
    r"(?:减|省|便宜|优惠|返|退|赔|补贴?|领|满|送|降|差|券|红包|运费|邮费|押金|不到|超过|定金|积分)[^,，。\d]{0,4}$"
    r"|\b(?:save|saving|spend|spending|over|under|extra|coupon|worth|more than|less than|above|below"
    r"|shipping|postage|delivery|plus|orders? of|anything from)\b[^.,\d]{0,12}$",
    re.IGNORECASE,
)
DISCOUNTED = re.compile(
    r"\s*(?:元|块钱?|yuan|dollars?|bucks)?\s*(?:的?(?:优惠|券|红包|运费|无门槛|门槛)|off\b|less\b|coupon|discount|cheaper|worth\b"
    r"|gift|shipping|postage|delivery|or more)",
    re.IGNORECASE,
)
MONEY = re.compile(
    r"\s*(?:元|块|¥|yuan|dollars?|bucks"
    r"|(?:you (?:and?|on)(?= each| a |\W|$)|u\.?n|unit(?= (?:a )?(?:bag|box|bottle|jar|pack|pair|piece|set|each))|yen)\b)",
    re.IGNORECASE,
)
"""The last are what recognizers write for "yuan"."""
OTHER_UNIT = re.compile(
    r"\s*(?:包(?!邮)|[个片盒台单件份套瓶支袋颗粒条双只人次年月天岁点分秒斤克寸码折倍米层种%度瓦毫位号款寸枚根把罐张]|小时|厘米"
    r"|千克|公斤|percent|%|off|degrees?|milli\w+|celsius|calories"
    r"|hours?|minutes?|seconds?|days?|pieces?|units?|left|of them|of the|people|likes|grams?|inch|liters?"
    r"|colou?rs|sizes|shades|times|ounces?|pounds?|watts?|count|bags|boxes|bottles|pairs|sets|years?|more)",
    re.IGNORECASE,
)
BEGINS = re.compile(
    r"(?:^|[,，。.!?！？;；\s])(?:[才就是只要卖给到价算]|给(?:你们|大家)|就是|那就|我们|总共|一共){0,3}$"
    r"|[是才就卖]$|给(?:到)?(?:你们?|大家)$|(?:做|降)到$|直播价$|[一这][个件条支瓶盒袋包双台套款]$"
)
ENDS = re.compile(
    r"\s*(?:$|[,，。.!?！？;；]|[一1](?:大|整|小)?[个盒瓶袋包件套条双台支罐桶箱把对斤只]"
    r"|半斤|拿走|带走|带回家|拿下|包邮|到手|直接|就(?:这个|能|可以)|的价格?)"
)
EN_BEGINS = re.compile(
    r"(?:^|[,.!?;])\s*(?:only |just |and |it is |it's )?$|\b(?:is|are|it's|that's|they're)(?: only| just)?\s+$",
    re.IGNORECASE,
)
EN_ENDS = re.compile(
    r"\s*(?:$|[,.!?;])|\s+(?:to ?night|to ?day|right now|now|only|flat|each|a (?:piece|pair|bottle|box|bag|set)"
    r"|for (?:the|this|these|our|it)|while|and (?:it|that)|plus|with free|free shipping|down from)\b",
    re.IGNORECASE,
)
MULTIPLE = re.compile(
    r"(?:[两二三四五六七八九十2-9]|\d\d)(?:大|小|整)?[件盒瓶袋包双个套条支罐桶箱台只斤]\s*(?:只要|一共|才|就|总共)?$"
    r"|\b(?:two|three|four|five|both|all|\d+) (?:(?!(?:second|minute|hour|day|week|month|year)s)\w+ )?"
    r"(?:for|at)(?: only| just)?\s+\$?$",
    re.IGNORECASE,
)
MULTIPLE_AFTER = re.compile(
    r"\s*(?:[元块]钱?)?\s*[两二三四五六七八九十2-9](?:大|小|整)?[件盒瓶袋包双个套条支罐桶箱台只斤]"
)
"""The price of several is not that of one."""
STOCK = re.compile(
    r"(?:库存|还有|还剩|剩下?|最后|(?:仓库|库房|手里|这边|这里|我们|现在)(?:还|就|只)?有|准备了|备了|再加|加了?|只有|仅剩|总共|一共|现货|手里|手上|争取了|抢了|拿了|申请了|放了|上了)"
    r"(?:就|只|只有|也就|大概|差不多|有|是)?[^,，。\d]{0,4}$"
    r"|就$"
    r"|\b(?:only|have|has|got|last|adding|added|just|there are|down to|another"
    r"|stock of|left with|holding|packed|prepared|brought|stocked|ordered)"
    r"(?: about| only| just| exactly)?\s*$",
    re.IGNORECASE,
)
STOCK_UNIT = re.compile(
    r"\s*(?:[台单件份套盒包瓶支袋条双只组箱把罐桶提枚根张对床盆卷株辆代传]|个(?!小时|月|人|朋友|姐妹|口味|颜色|尺码|[^,，。]{0,2}版))"
    r"|\s*(?:units?|pieces?|left|in stock|bags?|bottles?|boxes|sets|pairs|cans?|jars?|packs?|of (?:the|these|those|them|this))\b"
    r"|\s+(?:[a-z]+[ -]){1,4}(?:in stock|in the (?:warehouse|stockroom)|left|ready|available)\b",
    re.IGNORECASE,
)
ALL_THERE_IS = re.compile(
    r"(?:库存|还剩|剩下?|最后|只有|仅剩)(?:就|只|只有|也就|是|有)?[^,，。\d]{0,4}$|\b(?:down to|left with)(?: just| only)?\s*$",
    re.IGNORECASE,
)
LEFT = re.compile(r"(?:\s+(?!you\b|have\b|has\b|on\b|to\b)[a-z]+){0,5}(?<!\bthe)\s+left\b", re.IGNORECASE)
"""After a number: "only thirty of the blocks left"."""
COUNTED = re.compile(
    r"\s+(?!(?:and|or|but|it|with|for|to|per|each|an?|the|plus|less|this|is|tonight|today|now|only|right|us)\b)(?:[a-z]+[ -])?"
    r"(?!(?:has|was|is|this|its|dollars|bucks)\b)[a-z]{3,}s\b",
    re.IGNORECASE,
)
"""English: a number of things."""
OF_ONE = re.compile(r"[大整小]?[个盒瓶袋包件套条双台支罐桶箱把]")
ONE_PIECE = re.compile(r"[一1]块(?!钱|\d|[一二三四五六七八九]|$)")
"""A piece of something: "一块才六十九"."""
GARBLED = re.compile(r"[,，]\d[,，]|[就九][快块就]")
"""More of the number, not understood ("360,9,")."""
EIGHT = re.compile(r"[十0]八$")
"""Or "fifty, then": 五十吧."""
COUNTDOWN = re.compile("[五5]?[四4]?[三3][二2][一1]")
