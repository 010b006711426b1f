"""The shop's fixtures: an account is deleted with orders, payments and requests of its own."""

from tests.commerce.conftest import buyer, commerce, gateway, merchant, sandbox, shop, wires

__all__ = ["buyer", "commerce", "gateway", "merchant", "sandbox", "shop", "wires"]
