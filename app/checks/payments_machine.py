"""Schedules of buyers, services and crashes, made and shrunk by Hypothesis."""

import asyncio
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from app.checks.payments_promises import broken
from app.checks.payments_world import Placed, World, new_buyer
from app.core.ids import new_id
from commerce.payments.sandbox.notifier import Behaviour

PROVIDERS = ("alipay", "wechat", "stripe")
numbers = st.integers(0, 7)
providers = st.sampled_from(PROVIDERS)


class PaymentsMachine(RuleBasedStateMachine):
    """One schedule; `runner` and `world` are shared by all of them."""

    runner: ClassVar[asyncio.Runner]
    world: ClassVar[World]
    schedules: ClassVar[int] = 0
    reconciled: bool = False
    """Whether the services' statements are compared at the end of this schedule: that takes a while."""

    def do(self, *actions: Any) -> None:
        """All of them at once."""

        async def together() -> None:
            await asyncio.gather(*actions)

        self.runner.run(together())

    def chosen(self, number: int) -> Placed:
        return self.world.placed[number % len(self.world.placed)]

    @initialize(
        units=st.lists(st.integers(0, 3), min_size=1, max_size=2),
        reconciled=st.sampled_from([False, False, False, True]),
    )
    def begin(self, units: list[int], reconciled: bool) -> None:
        self.reconciled = reconciled
        type(self).schedules += 1
        self.do(self.world.begin(units))

    @rule(buyers=st.lists(st.tuples(numbers, st.integers(1, 2)), min_size=1, max_size=4))
    def buyers_order_at_once(self, buyers: list[tuple[int, int]]) -> None:
        skus = list(self.world.stock)
        wanted = [
            Placed(new_buyer(), skus[number % len(skus)], quantity, new_id().hex)
            for number, quantity in buyers
        ]
        self.world.placed.extend(wanted)
        self.do(*(self.world.place(each) for each in wanted))

    @precondition(lambda self: self.world.placed)
    @rule(number=numbers)
    def a_buyer_orders_again(self, number: int) -> None:
        self.do(*(self.world.place(self.chosen(number)) for _ in range(2)))

    @precondition(lambda self: self.world.placed)
    @rule(pages=st.lists(st.tuples(numbers, providers), min_size=1, max_size=3))
    def buyers_choose_how_to_pay(self, pages: list[tuple[int, str]]) -> None:
        self.do(*(self.world.open_page(self.chosen(number), provider) for number, provider in pages))

    @precondition(lambda self: self.world.placed)
    @rule(payments=st.lists(numbers, min_size=1, max_size=3))
    def buyers_pay(self, payments: list[int]) -> None:
        self.do(*(self.world.tap_pay(number) for number in payments))

    @precondition(lambda self: self.world.placed)
    @rule(number=numbers, provider=providers)
    def a_buyer_buys(self, number: int, provider: str) -> None:
        self.do(self.world.open_page(self.chosen(number), provider))
        self.do(self.world.tap_pay(len(list(self.world.gateway.books)) - 1))
        self.do(self.world.deliver())

    @precondition(lambda self: self.world.placed)
    @rule(number=numbers)
    def a_buyer_cancels_while_notified(self, number: int) -> None:
        self.do(self.world.cancel(self.chosen(number)), self.world.deliver())

    @precondition(lambda self: self.world.placed)
    @rule(number=numbers, whole=st.booleans())
    def the_merchant_refunds(self, number: int, whole: bool) -> None:
        placed = self.chosen(number)
        self.do(*(self.world.refund(placed, whole=whole) for _ in range(2)))

    @rule()
    def notifications_and_jobs_come_at_once(self) -> None:
        self.do(self.world.deliver(), self.world.work(), self.world.deliver())

    @rule(seconds=st.sampled_from([1, 30, 299, 301, 600, 900]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.advance(seconds)

    @rule(
        behaviour=st.builds(
            Behaviour,
            repeat=st.integers(0, 2),
            delay_s=st.sampled_from([0, 0, 60, 1_000]),
            reorder=st.booleans(),
            forge=st.booleans(),
            amount_delta_cents=st.sampled_from([0, 0, 0, -1, 1]),
            pay_after_expiry=st.booleans(),
            fail=st.booleans(),
            silent=st.booleans(),
        )
    )
    def the_services_misbehave(self, behaviour: Behaviour) -> None:
        self.world.gateway.notifier.behaviour = behaviour

    @rule(
        where=st.sampled_from(["before commit", "after commit", "after the service has acted"]),
        steps=st.integers(0, 4),
    )
    def a_process_will_die(self, where: Any, steps: int) -> None:
        self.world.fuse.where, self.world.fuse.steps = where, steps

    def teardown(self) -> None:
        """Everything comes to rest, and every promise is looked at."""
        self.do(self.world.come_to_rest())
        found = self.runner.run(broken(self.world))
        if self.reconciled:
            found += self.runner.run(self.world.reconciled())
        if found:
            raise AssertionError("; ".join(found))
