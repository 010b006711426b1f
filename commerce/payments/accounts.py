"""Which payment services the shop uses, and as whom."""

from collections.abc import Mapping

import httpx

from commerce.config import CommerceConfig
from commerce.payments.alipay import Alipay, AlipayAccount
from commerce.payments.keys import key_pair
from commerce.payments.provider import Provider

SANDBOX_APP_ID = "2021000000000001"
SANDBOX_SELLER_ID = "2088000000000001"
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


def sandbox_providers(config: CommerceConfig, http: httpx.AsyncClient) -> Mapping[str, Provider]:
    """Every payment service, played by the sandbox gateway."""

    def browser_gateway(origin: str) -> str:
        return config.sandbox_shop_url(origin) + GATEWAY_PATH

    return {"alipay": Alipay(sandbox_alipay_account(config), http, browser_gateway)}
