"""The sandbox's pages for buyers: one to pay on, one for when it is done, one for when it is not."""

from datetime import datetime
from html import escape
from typing import Literal

from app.core.money import format_minor
from commerce.payments.sandbox.books import Trade

Language = Literal["zh", "en"]

SYMBOLS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "HKD": "HK$", "JPY": "¥", "KRW": "₩"}
BRANDS = {
    "alipay": ("#1677ff", "支付宝", "Alipay", "支"),
    "wechat": ("#07c160", "微信支付", "WeChat Pay", "微"),
    "stripe": ("#635bff", "银行卡", "Card", "S"),
}
TEXTS = {
    "title": ("收银台", "Checkout"),
    "sandbox": ("沙箱环境 · 不会产生真实扣款", "Sandbox · no real money"),
    "to": ("付款给", "Pay to"),
    "merchant": ("Shopcast 直播间", "Shopcast live shop"),
    "order": ("商品", "Item"),
    "number": ("订单编号", "Reference"),
    "method": ("付款方式", "Paid with"),
    "balance": ("账户余额", "Account balance"),
    "pay": ("确认付款", "Pay"),
    "cancel": ("返回商家", "Back to the shop"),
    "left": ("请尽快完成付款", "Please pay soon"),
    "over": ("交易已超时关闭", "This payment has expired"),
    "done": ("付款成功", "Payment complete"),
    "returning": ("正在返回商家…", "Taking you back to the shop…"),
    "failed": ("无法完成付款", "This payment cannot be made"),
    "secured": ("RSA2 签名保护", "Signed with RSA2"),
}
STYLE = """
*{box-sizing:border-box;margin:0;-webkit-tap-highlight-color:transparent}
:root{color-scheme:light dark;--bg:#f3f5f9;--card:#fff;--ink:#14171f;--soft:#6b7280;--line:#eceff4}
@media(prefers-color-scheme:dark){:root{--bg:#0e1117;--card:#191d26;--ink:#f1f3f7;--soft:#98a1b2;--line:#272d39}}
body{font:16px/1.5 -apple-system,BlinkMacSystemFont,"PingFang SC","Noto Sans SC","Noto Sans CJK SC","Segoe UI",
sans-serif;background:var(--bg);color:var(--ink);min-height:100dvh;display:flex;flex-direction:column;align-items:center}
header{width:100%;background:linear-gradient(135deg,var(--brand),color-mix(in srgb,var(--brand) 72%,#001a4d));
color:#fff;padding:20px 20px 96px;display:flex;justify-content:center}
header div{width:100%;max-width:440px;display:flex;align-items:center;gap:12px;font-weight:600;font-size:17px;white-space:nowrap}
.logo{width:36px;height:36px;border-radius:10px;background:#fff;color:var(--brand);display:grid;place-items:center;
font-weight:800;font-size:19px}
.tag{margin-left:auto;white-space:nowrap;font-size:12px;font-weight:500;background:#ffffff2e;border-radius:99px;padding:4px 10px}
main{width:calc(100% - 32px);max-width:440px;margin-top:-72px;flex:1;display:flex;flex-direction:column;gap:14px}
.card{background:var(--card);border-radius:20px;padding:26px 22px;box-shadow:0 12px 32px #0b1a331a}
.amount{text-align:center;padding-bottom:22px;border-bottom:1px solid var(--line)}
.amount small{color:var(--soft);font-size:14px}
.amount b{display:block;font-size:46px;line-height:1.2;letter-spacing:-1px;font-variant-numeric:tabular-nums}
.amount b span{font-size:26px;margin-right:3px;font-weight:600}
dl{display:grid;grid-template-columns:auto 1fr;gap:14px 18px;padding-top:20px;font-size:15px}
dt{color:var(--soft)}dd{text-align:right;overflow-wrap:anywhere;min-width:0}
dd.mono{font-family:ui-monospace,Menlo,monospace;font-size:11px;color:var(--soft);align-self:center}
form,.bottom{position:sticky;bottom:0;width:100%;padding:14px 0 calc(18px + env(safe-area-inset-bottom));
background:linear-gradient(transparent,var(--bg) 22%);margin-top:auto}
button,.button{display:block;width:100%;border:0;border-radius:16px;background:var(--brand);color:#fff;font:inherit;
font-size:18px;font-weight:600;line-height:1;padding:19px;cursor:pointer;text-align:center;text-decoration:none;
box-shadow:0 8px 20px color-mix(in srgb,var(--brand) 35%,transparent);transition:transform .12s,opacity .2s}
button:active{transform:scale(.985)}button:disabled{opacity:.6}
button:focus-visible,a:focus-visible{outline:3px solid color-mix(in srgb,var(--brand) 45%,#fff);outline-offset:2px}
.plain{display:block;text-align:center;color:var(--soft);text-decoration:none;padding:14px 0 0;font-size:15px}
.result{text-align:center;padding:44px 22px}
.mark{width:84px;height:84px;border-radius:50%;margin:0 auto 20px;display:grid;place-items:center;background:var(--mark);
animation:pop .42s cubic-bezier(.2,1.5,.4,1)}
.mark svg{width:42px;height:42px;fill:none;stroke:#fff;stroke-width:4.5;stroke-linecap:round;stroke-linejoin:round}
h1{font-size:23px;margin-bottom:6px}.result p{color:var(--soft)}
@media(min-width:700px){main{flex:none}form,.bottom{position:static;background:none}}
@keyframes pop{from{transform:scale(.4);opacity:0}}
@media(prefers-reduced-motion:reduce){*{animation:none!important;transition:none!important}}
"""


def language_of(accept_language: str) -> Language:
    """Chinese unless the browser prefers something else."""
    first = accept_language.split(",", 1)[0].strip().lower()
    return "zh" if not first or first == "*" or first.startswith("zh") else "en"


def payment(trade: Trade, now: datetime, language: Language) -> str:
    """Where the buyer pays."""
    if trade.state == "paid":
        return paid(trade, trade.return_url, language)
    symbol = SYMBOLS.get(trade.currency, "")
    amount = f"<span>{symbol}</span>{format_minor(trade.amount_cents, trade.currency)}"
    brand = BRANDS[trade.provider]
    over = trade.state == "closed" or (trade.expires_at is not None and trade.expires_at <= now)
    hint = _text("over" if over else "left", language)
    body = f"""
<main><section class="card"><div class="amount"><small>{hint}</small><b>{amount}</b></div>
<dl><dt>{_text("to", language)}</dt><dd>{_text("merchant", language)}</dd>
<dt>{_text("order", language)}</dt><dd>{escape(trade.subject)}</dd>
<dt>{_text("method", language)}</dt><dd>{brand[1 if language == "zh" else 2]} · {_text("balance", language)}</dd>
<dt>{_text("number", language)}</dt><dd class="mono">{escape(trade.out_trade_no)}</dd></dl></section>
<form method="post" action="/pay" onsubmit="this.querySelector('button').disabled=true">
<input type="hidden" name="provider" value="{escape(trade.provider)}">
<input type="hidden" name="out_trade_no" value="{escape(trade.out_trade_no)}">
<button type="submit" id="pay">{_text("pay", language)} {symbol}{format_minor(trade.amount_cents, trade.currency)}</button>
<a class="plain" href="{escape(trade.return_url)}">{_text("cancel", language)}</a></form></main>"""
    return _page(trade.provider, _text("title", language), body, language)


def paid(trade: Trade, return_url: str, language: Language) -> str:
    """Shown for a moment before the buyer is back in the shop."""
    amount = f"{SYMBOLS.get(trade.currency, '')}{format_minor(trade.amount_cents, trade.currency)}"
    body = f"""
<main><section class="card result" style="--mark:#12b76a"><div class="mark"><svg viewBox="0 0 48 48">
<path d="M11 25l9 9 17-20"/></svg></div><h1>{_text("done", language)}</h1><p>{amount}</p>
<p>{_text("returning", language)}</p></section>
<div class="bottom"><a class="button" href="{escape(return_url)}">{_text("cancel", language)}</a></div></main>"""
    refresh = f'<meta http-equiv="refresh" content="1;url={escape(return_url)}">'
    return _page(trade.provider, _text("done", language), body, language, refresh)


def failure(code: str, language: Language, return_url: str = "") -> str:
    """Why nothing can be paid here."""
    back = (
        f'<a class="button" href="{escape(return_url)}">{_text("cancel", language)}</a>' if return_url else ""
    )
    body = f"""
<main><section class="card result" style="--mark:#f04438"><div class="mark"><svg viewBox="0 0 48 48">
<path d="M14 14l20 20M34 14L14 34"/></svg></div><h1>{_text("failed", language)}</h1><p>{escape(code)}</p></section>
<div class="bottom">{back}</div></main>"""
    return _page("alipay", _text("failed", language), body, language)


def _text(key: str, language: Language) -> str:
    return TEXTS[key][0 if language == "zh" else 1]


def _page(provider: str, title: str, body: str, language: Language, head: str = "") -> str:
    color, chinese, english, letter = BRANDS[provider]
    name = chinese if language == "zh" else english
    return f"""<!doctype html><html lang="{"zh-CN" if language == "zh" else "en"}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1,viewport-fit=cover"><title>{title} · {name}</title>
<meta name="theme-color" content="{color}">{head}<style>:root{{--brand:{color}}}{STYLE}</style></head>
<body><header><div><span class="logo">{letter}</span>{name}<span class="tag">{_text("sandbox", language)}</span></div>
</header>{body}</body></html>"""
