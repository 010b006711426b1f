"""Sentences from facts, in Chinese and in English. Nothing here decides; it only words."""

from collections.abc import Sequence
from dataclasses import dataclass

from ai.assistant import translation
from ai.assistant.arithmetic import Comparison, Shipping, amount
from ai.assistant.models import Fact, Language, Order, Product, Source
from ai.assistant.reasoning import Judgement, Verdict

_STATUS = {
    "pending_payment": ("待付款，还没有支付", "not paid yet: it is waiting for payment"),
    "paid": ("已付款，待发货，还没有发货，商家正在准备", "paid, but not shipped yet: it is being prepared"),
    "shipped": ("已发货", "has shipped"),
    "delivered": ("已送达", "has been delivered"),
    "completed": ("已完成，已签收", "has been delivered and completed"),
    "cancelled": ("已取消", "is cancelled"),
    "expired": ("因超时未付款已关闭，已取消", "expired unpaid and is cancelled"),
    "received": ("已签收，已送达", "has been received"),
    "signed": ("已签收，已送达", "has been received"),
    "pending": ("待付款，还没有支付", "is waiting for payment"),
    "unpaid": ("待付款，还没有支付", "is waiting for payment"),
    "closed": ("已关闭", "is closed"),
    "canceled": ("已取消", "is cancelled"),
    "returned": ("已退货", "has been returned"),
    "refunding": ("退款处理中，还没有退回", "refund in progress, not paid back yet"),
    "refunded": ("已退款", "has been refunded"),
}


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence and the facts that it follows from."""

    text: str
    facts: tuple[Fact, ...]
    verdict: Verdict = Verdict.STATES


def name(product: Product, language: Language) -> str:
    return product.name if language is Language.ZH else product.name_en or product.name


def _money(cents: int, language: Language, currency: str = "CNY") -> str:
    sign = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£"}.get(currency, f"{currency} ")
    if language is Language.ZH and currency == "CNY":
        return f"{amount(cents)}元"
    return f"{sign}{amount(cents, currency)}"


def _counted(goods: str, pieces: int) -> str:
    """面膜2件, but Pad 10 3件: a number is never written right behind another."""
    return f"{goods}{' ' if goods[-1:].isascii() else ''}{pieces}件"


def price(product: Product, language: Language, currency: str) -> Statement:
    low, high = product.price_cents, product.max_price_cents
    text = _money(low, language, currency)
    if high != low:
        text += ("到" if language is Language.ZH else " to ") + _money(high, language, currency)
    fact = Fact(
        f"{product.id}:price",
        Source.PRICE,
        "价格",
        " ".join(dict.fromkeys((amount(low), amount(high)))),
        product.id,
    )
    if language is Language.ZH:
        return Statement(f"{product.name}现在{text}。", (fact,))
    return Statement(f"{name(product, language)} is {text}.", (fact,))


def list_price(product: Product, language: Language, currency: str, *, saved: bool) -> Statement | None:
    listed = product.list_price_cents
    if listed is None:
        return None
    difference = listed - product.price_cents
    fact = Fact(f"{product.id}:list_price", Source.PRICE, "原价", amount(listed), product.id)
    now = Fact(f"{product.id}:price", Source.PRICE, "价格", amount(product.price_cents), product.id)
    less = Fact(f"{product.id}:saving", Source.COMPUTED, "优惠", amount(difference), product.id)
    was, is_now, off = (_money(c, language, currency) for c in (listed, product.price_cents, difference))
    show = saved and difference > 0
    if language is Language.ZH:
        text = f"{product.name}原价{was}，现在{is_now}" + (f"，便宜了{off}。" if show else "。")
    else:
        text = f"{name(product, language)}: list price {was}, now {is_now}" + (
            f", you save {off}." if show else "."
        )
    return Statement(text, (fact, now, less) if show else (fact, now))


def stock(product: Product, language: Language) -> Statement:
    left = product.available
    fact = Fact(f"{product.id}:stock", Source.STOCK, "库存", str(left), product.id)
    if left > 0:
        zh, en = (
            f"{product.name}有货，还剩{left}件。",
            f"Yes, {name(product, language)} is in stock: {left} left.",
        )
        return Statement(zh if language is Language.ZH else en, (fact,), Verdict.YES)
    zh, en = (
        f"{product.name}已售罄，暂时没有货了。",
        f"No, {name(product, language)} is sold out, out of stock for now.",
    )
    return Statement(zh if language is Language.ZH else en, (fact,), Verdict.NO)


def total(lines: Sequence[tuple[Product, int]], language: Language, currency: str) -> Statement:
    cents = sum(product.price_cents * count for product, count in lines)
    facts = tuple(
        Fact(f"{p.id}:price", Source.PRICE, "价格", f"{amount(p.price_cents)} × {count}", p.id)
        for p, count in lines
    )
    summed = Fact("total", Source.COMPUTED, "合计", amount(cents))
    money = _money(cents, language, currency)
    if language is Language.ZH:
        items = "、".join(_counted(p.name, count) for p, count in lines)
        return Statement(f"{items}按现价一共{money}。", (*facts, summed))
    items = ", ".join(f"{count} × {name(p, language)}" for p, count in lines)
    return Statement(f"{items}: {money} in total at today's price.", (*facts, summed))


def free_shipping(
    result: Shipping, cents: int, pieces: int, rule: Fact, exceptions: str, language: Language, currency: str
) -> Statement:
    facts = (rule, Fact("total", Source.COMPUTED, "合计", f"{amount(cents)} {pieces} {result.threshold}"))
    money = _money(cents, language, currency)
    if language is Language.ZH:
        head = f"{pieces}件合计{money}，"
        if result.free:
            text = head + f"已{result.threshold}，可以包邮。"
        elif result.fee_cents is not None:
            text = head + f"未{result.threshold}，需付运费{_money(result.fee_cents, language, currency)}。"
        else:
            text = head + f"未{result.threshold}，不包邮。"
        return Statement(text + (f"（{exceptions}）" if exceptions else ""), facts)
    threshold = result.threshold.replace("满", "").replace("元", "").replace("件", " pieces")
    head = f"{pieces} piece{'s' if pieces > 1 else ''} come to {money}: "
    if result.free:
        text = head + f"shipping is free (from {threshold})."
    elif result.fee_cents is not None:
        text = head + f"below {threshold}, so shipping costs {_money(result.fee_cents, language, currency)}."
    else:
        text = head + f"below {threshold}, so shipping is not free."
    return Statement(text + (f" ({translation.policy(exceptions)})" if exceptions else ""), facts)


def comparison(result: Comparison, language: Language, currency: str) -> Statement:
    low, high = result.cheaper, result.dearer
    facts = tuple(
        Fact(f"{p.id}:price", Source.PRICE, "价格", amount(p.price_cents), p.id) for p in (low, high)
    )
    gap = Fact("difference", Source.COMPUTED, "差价", amount(result.difference_cents))
    a, b, d = (
        _money(c, language, currency) for c in (low.price_cents, high.price_cents, result.difference_cents)
    )
    if language is Language.ZH:
        if result.difference_cents == 0:
            return Statement(f"{low.name}和{high.name}一样，都是{a}。", facts)
        return Statement(f"{low.name}更便宜：{a}；{high.name}{b}，相差{d}。", (*facts, gap))
    if result.difference_cents == 0:
        return Statement(f"{name(low, language)} and {name(high, language)} cost the same: {a}.", facts)
    return Statement(
        f"{name(low, language)} is cheaper at {a}; {name(high, language)} is {b}, a difference of {d}.",
        (*facts, gap),
    )


def order(row: Order, language: Language) -> Statement:
    lines = " ".join(f"{line.product_name} {line.quantity}" for line in row.lines)
    zh, en = _STATUS.get(row.status, ("", ""))
    paid = None if row.total_cents is None else amount(row.total_cents)
    fact = Fact(
        f"order:{row.number}", Source.ORDER, "订单",
        " ".join(filter(None, (row.number, row.status, row.carrier, row.tracking, lines, paid))),
    )  # fmt: skip
    if language is Language.ZH:
        goods = "、".join(_counted(line.product_name, line.quantity) for line in row.lines)
        cost = f"，金额{paid}元" if paid else ""
        text = f"您的订单{row.number}（{goods}{cost}）{zh or row.status}"
        if row.tracking:
            text += f"，{row.carrier or '快递'}，运单号{row.tracking}"
        return Statement(text + "。", (fact,))
    goods = ", ".join(f"{line.quantity} × {line.product_name}" for line in row.lines)
    cost = f", {_money(row.total_cents, language)}" if row.total_cents is not None else ""
    verb = "is " if row.status in {"pending_payment", "paid"} or not en else ""
    text = f"Your order {row.number} ({goods}{cost}) {verb}{en or row.status}"
    if row.tracking:
        text += f" with {row.carrier or 'the courier'}, tracking number {row.tracking}"
    return Statement(text + ".", (fact,))


def quoted(said: Fact, language: Language) -> Statement:
    """The host's own words, in quotation marks."""
    words = said.text.strip("。.！!")
    return Statement(
        f"主播刚才说：“{words}”。" if language is Language.ZH else f"The host just said: “{words}”.", (said,)
    )


def fact_sentence(
    question: str, fact: Fact, judged: Judgement, product: Product | None, language: Language
) -> Statement:
    """An attribute or a policy, with yes or no before it where the fact says so."""
    if language is Language.ZH:
        lead = _lead_zh(question, judged.verdict)
        if fact.source is Source.ATTRIBUTE and product is not None:
            body = f"{product.name}的{fact.label}：{judged.text}。"
        else:
            body = f"{judged.text.rstrip('。')}。"
        return Statement(lead + body, (fact,), judged.verdict)
    lead = {Verdict.YES: "Yes. ", Verdict.NO: "No. "}.get(judged.verdict, "")
    if fact.source is Source.ATTRIBUTE and product is not None:
        body = f"{name(product, language)}, {translation.label(fact.label)}: {translation.value(judged.text).rstrip('.')}."
    else:
        words = translation.policy(judged.text)
        body = f"{words[:1].upper()}{words[1:].rstrip('.')}."
    return Statement(lead + body, (fact,), judged.verdict)


def _lead_zh(question: str, verdict: Verdict) -> str:
    if verdict not in (Verdict.YES, Verdict.NO):
        return ""
    yes = verdict is Verdict.YES
    if any(word in question for word in ("能", "可以", "可不", "行不", "行吗", "支持", "合适", "适合")):
        return "可以，" if yes else "不可以，"
    if "有" in question:
        return "有，" if yes else "没有，"
    if "是" in question:
        return "是的，" if yes else "不是，"
    return ""


def joined(statements: Sequence[Statement], language: Language) -> str:
    texts = list(dict.fromkeys(s.text for s in statements))
    return ("" if language is Language.ZH else " ").join(texts)


def for_many(askers: int, language: Language) -> str:
    if askers < 2:
        return ""
    return f"{askers}位观众在问：" if language is Language.ZH else f"{askers} viewers asked: "


HANDOFF = {
    Language.ZH: "这个问题已转给工作人员，请稍等，会有真人来回复您。",
    Language.EN: "I've passed this on to our staff; a person will reply to you here.",
}
REFUSAL = {
    Language.ZH: "抱歉，这个我帮不上忙。我只回答本店商品、价格、发货和售后方面的问题。",
    Language.EN: "Sorry, I can't help with that. I only answer questions about this shop's products, "
    "prices, shipping and returns.",
}
MEDICAL_REFUSAL = {
    Language.ZH: "抱歉，商品不是药品，和疾病有关的问题我不能回答，请咨询医生。",
    Language.EN: "Sorry, this is not a medicine, and I can't answer about illnesses. Please ask a doctor.",
}
