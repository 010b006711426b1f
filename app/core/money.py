"""Money: an integer in minor units with its currency. No float ever touches it."""

from dataclasses import dataclass
from typing import Self

MINOR_DIGITS = {"CNY": 2, "USD": 2, "EUR": 2, "GBP": 2, "HKD": 2, "JPY": 0, "KRW": 0}


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """`amount` in the currency's minor unit (fen, cents); `currency` by ISO 4217.

    Adding or subtracting two currencies raises ValueError.
    """

    amount: int
    currency: str = "CNY"

    def __add__(self, other: Self) -> Self:
        return type(self)(self.amount + self._same(other).amount, self.currency)

    def __sub__(self, other: Self) -> Self:
        return type(self)(self.amount - self._same(other).amount, self.currency)

    def __mul__(self, quantity: int) -> Self:
        return type(self)(self.amount * quantity, self.currency)

    def __str__(self) -> str:
        return format_minor(self.amount, self.currency)

    def _same(self, other: Self) -> Self:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")
        return other


def format_minor(amount: int, currency: str = "CNY") -> str:
    """Minor units as a plain decimal string without a sign: 9900 CNY is "99.00"."""
    digits = MINOR_DIGITS[currency]
    if digits == 0:
        return str(amount)
    whole, rest = divmod(abs(amount), 10**digits)
    return f"{'-' if amount < 0 else ''}{whole}.{rest:0{digits}}"


def parse_minor(text: str, currency: str = "CNY") -> int:
    """The inverse of `format_minor`: "99.00" or "99" CNY is 9900. Raises ValueError on anything else."""
    digits = MINOR_DIGITS[currency]
    whole, dot, rest = text.strip().partition(".")
    sign = -1 if whole.startswith("-") else 1
    whole = whole.removeprefix("-")
    if not (whole.isascii() and whole.isdigit()) or len(rest) > digits or (dot and not rest.isdigit()):
        raise ValueError(f"not an amount of {currency}: {text!r}")
    return sign * int(whole + rest.ljust(digits, "0"))
