"""Those who are up to date with a topic, side by side, so that one frame goes to all in a tight loop.

A send is little more than its system call; an object touched on the way, or a frame of Python, would
cost as much again. So the group keeps nothing but the bound functions that write.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

from picows import WSMsgType

from app.gateway.protocol import HEADER_ROOM

WRITES_PER_TURN = 500
"""After so many the event loop sees to everything else."""
COMPACT_FROM = 64

Write = Callable[[WSMsgType, bytearray, int], object]
"""Sends a frame that has room for its header: (opcode, frame, bytes of room)."""
TEXT = WSMsgType.TEXT

Member = TypeVar("Member")


class Group(Generic[Member]):
    """Members with the functions that write to them, in the order in which they came; each has a slot."""

    __slots__ = ("_gaps", "_members", "_sending_to", "_sent_to", "_writes")

    def __init__(self) -> None:
        self._members: list[Member | None] = []
        self._writes: list[Write] = []
        self._gaps = 0
        self._sent_to = 0
        self._sending_to = 0

    def __iter__(self) -> Iterator[Member]:
        return (member for member in self._members if member is not None)

    def __len__(self) -> int:
        return len(self._members) - self._gaps

    def add(self, member: Member, write: Write) -> int:
        """The member's slot, until the next call of `settle`."""
        self._members.append(member)
        self._writes.append(write)
        return len(self._members) - 1

    def remove(self, slot: int) -> None:
        """Nothing more is written to that member, not even what is being sent to the group now."""
        self._members[slot] = None
        self._writes[slot] = _write_nothing
        self._gaps += 1

    def settle(self) -> list[tuple[Member, int]]:
        """Close the gaps where there are many; the members' new slots. Not while `send` is under way."""
        if self._gaps < COMPACT_FROM or self._gaps * 4 < len(self._members):
            return []
        kept = [(m, write) for m, write in zip(self._members, self._writes, strict=True) if m is not None]
        self._members = [member for member, _ in kept]
        self._writes = [write for _, write in kept]
        self._gaps = 0
        return [(member, slot) for slot, (member, _) in enumerate(kept)]

    def waits(self, slot: int) -> bool:
        """True for a member whom the frame that is being sent has not reached yet."""
        return self._sent_to <= slot < self._sending_to

    async def send(self, frame: bytearray, special: Mapping[int, bytearray]) -> None:
        """Write `frame` to all who are members now and stay so; `special`: other frames, by slot."""
        self._sent_to, self._sending_to = 0, len(self._writes)
        for slot, own in special.items():
            self._writes[slot] = _instead(own, self._writes, slot)
        while self._sent_to < self._sending_to:
            if self._sent_to:
                await asyncio.sleep(0)
            start = self._sent_to
            self._sent_to = min(start + WRITES_PER_TURN, self._sending_to)
            for write in self._writes[start : self._sent_to]:
                write(TEXT, frame, HEADER_ROOM)


def _write_nothing(opcode: WSMsgType, frame: bytearray, room: int) -> None:
    pass


def _instead(own: bytearray, writes: list[Write], slot: int) -> Write:
    """Writes `own` once in place of what it is given."""
    write = writes[slot]

    def once(opcode: WSMsgType, frame: bytearray, room: int) -> None:
        writes[slot] = write
        write(opcode, own, room)

    return once
