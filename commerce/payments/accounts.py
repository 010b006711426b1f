"""Which payment services the shop uses, and as whom."""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from commerce.config import CommerceConfig
from commerce.payments.alipay import Alipay, AlipayAccount
from commerce.payments.keys import certificate, key_pair, secret
from commerce.payments.provider import Provider
from commerce.payments.stripe import Stripe, StripeAccount
from commerce.payments.wechat import Wechat, WechatAccount

SANDBOX_APP_ID = "2021000000000001"
SANDBOX_SELLER_ID = "2088000000000001"
SANDBOX_WECHAT_APP_ID = "wx0000000000000001"
SANDBOX_MERCHANT_ID = "1900000001"
SANDBOX_MERCHANT_SERIAL = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
ALIPAY_URL = "https://openapi.alipay.com/gateway.do"
WECHAT_URL = "https://api.mch.weixin.qq.com"
STRIPE_URL = "https://api.stripe.com"
GATEWAY_PATH = "/gateway.do"


def sandbox_alipay_account(config: CommerceConfig) -> AlipayAccount:
    """Our account at the sandbox gateway; both sides' keys lie in `keys_dir`."""
    return AlipayAccount(
        app_id=SANDBOX_APP_ID,
        seller_id=SANDBOX_SELLER_ID,
        gateway_url=config.sandbox_url + GATEWAY_PATH,
        app_private_pem=key_pair(config.keys_dir, "alipay-app").private_pem,
        alipay_public_pem=key_pair(config.keys_dir, "sandbox-alipay").public_pem,
    )


def sandbox_wechat_account(config: CommerceConfig) -> WechatAccount:
    return WechatAccount(
        app_id=SANDBOX_WECHAT_APP_ID,
        merchant_id=SANDBOX_MERCHANT_ID,
        gateway_url=config.sandbox_url,
        merchant_serial=SANDBOX_MERCHANT_SERIAL,
        platform_certificate=certificate(config.keys_dir, "sandbox-wechat"),
        private_pem=key_pair(config.keys_dir, "wechat-merchant").private_pem,
        api_v3_key=secret(config.keys_dir, "wechat-api-v3"),
    )


def sandbox_stripe_account(config: CommerceConfig) -> StripeAccount:
    return StripeAccount(
        gateway_url=config.sandbox_url,
        live=False,
        api_key=secret(config.keys_dir, "stripe-api", "sk_test_"),
        webhook_secret=secret(config.keys_dir, "stripe-webhook", "whsec_"),
    )


class NoAccounts(ValueError):
    """`payments.toml` does not say what it must; the message says what is missing."""


def payment_providers(config: CommerceConfig, http: httpx.AsyncClient) -> Mapping[str, Provider]:
    """The services that `payments.toml` names or, where there is no such file, the sandbox's three.

    Its sections are `[alipay]`, `[wechat]` and `[stripe]`, with the fields of the account classes; what is
    secret stands in files of their own, whose paths (relative to the file) it holds. Raises NoAccounts.
    """
    if not config.payments_file.exists():
        return sandbox_providers(config, http)
    sections = tomllib.loads(config.payments_file.read_text())
    try:
        made = {
            name: build(_read(section, config.payments_file.parent), http)
            for name, build in BUILDERS.items()
            if (section := sections.get(name)) is not None
        }
    except (KeyError, TypeError, OSError) as error:
        raise NoAccounts(f"{config.payments_file}: {error}") from error
    if not made:
        raise NoAccounts(f"{config.payments_file} names no payment service")
    return made


def _read(section: Mapping[str, Any], directory: Path) -> dict[str, Any]:
    """The section with the content of the files that it names by `<field>_file`."""
    return {
        name.removesuffix("_file"): (directory / value).read_text().strip()
        if name.endswith("_file")
        else value
        for name, value in section.items()
    }


def _as_it_is(url: str, origin: str) -> str:
    return url


BUILDERS: Mapping[str, Callable[[dict[str, Any], httpx.AsyncClient], Provider]] = {
    "alipay": lambda fields, http: Alipay(
        AlipayAccount(**{"gateway_url": ALIPAY_URL} | fields),
        http,
        lambda _: fields.get("gateway_url", ALIPAY_URL),
    ),
    "wechat": lambda fields, http: Wechat(
        WechatAccount(**{"gateway_url": WECHAT_URL} | fields), http, _as_it_is
    ),
    "stripe": lambda fields, http: Stripe(
        StripeAccount(**{"gateway_url": STRIPE_URL} | fields), http, _as_it_is
    ),
}


def sandbox_providers(config: CommerceConfig, http: httpx.AsyncClient) -> Mapping[str, Provider]:
    """Every payment service, played by the sandbox gateway."""

    def browser_gateway(origin: str) -> str:
        return config.sandbox_shop_url(origin) + GATEWAY_PATH

    def for_browser(url: str, origin: str) -> str:
        return config.sandbox_shop_url(origin) + url.removeprefix(config.sandbox_url)

    return {
        "alipay": Alipay(sandbox_alipay_account(config), http, browser_gateway),
        "wechat": Wechat(sandbox_wechat_account(config), http, for_browser),
        "stripe": Stripe(sandbox_stripe_account(config), http, for_browser),
    }
