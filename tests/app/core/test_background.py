"""Background tasks end, even those that miss their first cancellation."""

import asyncio

from app.core.background import stop


async def test_a_task_that_swallows_a_cancellation_ends_all_the_same() -> None:
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed > 1:
                    raise

    async def failing() -> None:
        raise ValueError

    tasks = [asyncio.create_task(stubborn()), asyncio.create_task(failing())]
    await asyncio.sleep(0)
    await stop(tasks)
    await stop([])

    assert [task.done() for task in tasks] == [True, True]
    assert (swallowed, tasks[0].cancelled()) == (2, True)
    assert isinstance(tasks[1].exception(), ValueError)
