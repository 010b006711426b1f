"""Which payment services are offered, and what keeps their secrets."""

from pathlib import Path

import httpx
import pytest

from commerce.config import CommerceConfig
from commerce.payments.accounts import NoAccounts, payment_providers, sandbox_stripe_account

STRIPE = '[stripe]\nlive = true\napi_key_file = "key.txt"\nwebhook_secret_file = "hook.txt"\n'


@pytest.fixture
def config(tmp_path: Path) -> CommerceConfig:
    (tmp_path / "key.txt").write_text("sk_live_secret\n")
    (tmp_path / "hook.txt").write_text("whsec_secret\n")
    return CommerceConfig(data_dir=tmp_path, public_url="https://shop.example/")


async def test_the_file_names_the_services(config: CommerceConfig) -> None:
    config.payments_file.write_text(STRIPE)
    async with httpx.AsyncClient() as http:
        assert list(payment_providers(config, http)) == ["stripe"]
    assert config.notify_url == "https://shop.example"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[paypal]\nx = 1\n",
        "[stripe]\nlive = true\n",
        STRIPE + 'colour = "red"\n',
        STRIPE.replace("key.txt", "no.txt"),
    ],
)
async def test_a_file_that_is_wrong_is_refused_at_the_start(config: CommerceConfig, text: str) -> None:
    config.payments_file.write_text(text)
    async with httpx.AsyncClient() as http:
        with pytest.raises(NoAccounts, match=r"payments\.toml"):
            payment_providers(config, http)


def test_secrets_are_not_shown_and_belong_to_their_owner(tmp_path: Path) -> None:
    config = CommerceConfig(data_dir=tmp_path)
    account = sandbox_stripe_account(config)
    assert account.api_key not in repr(account)
    assert account == sandbox_stripe_account(config)
    assert [path.stat().st_mode & 0o777 for path in config.keys_dir.iterdir()] == [0o600, 0o600]
    assert config.notify_url == config.web_url
