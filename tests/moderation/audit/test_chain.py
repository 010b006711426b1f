"""The audit log: append-only, and every tampering found."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson
import psycopg
import pytest

from app.core.db import Database
from moderation.audit import repository
from moderation.audit.chain import GENESIS, Entry, Verification, seal, verify
from moderation.audit.check import check_file

AT = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


def chain(length: int) -> list[Entry]:
    entries: list[Entry] = []
    for seq in range(1, length + 1):
        previous = entries[-1].hash if entries else GENESIS
        entries.append(seal(seq, AT, None, "case.upheld", f"case:{seq}", {"reason": "广告"}, previous))
    return entries


async def walk(entries: Sequence[Entry]) -> AsyncIterator[Entry]:
    for entry in entries:
        yield entry


async def test_a_whole_chain_verifies_and_survives_export() -> None:
    entries = [Entry.from_export(entry.export()) for entry in chain(5)]
    assert await verify(walk(entries)) == Verification(5, entries[-1].hash.hex())


async def test_every_kind_of_tampering_is_found() -> None:
    entries = chain(5)
    forged = seal(3, AT, None, "case.released", "case:3", {"reason": "广告"}, entries[1].hash)
    tampered = {
        "content": [*entries[:2], replace(entries[2], details={"reason": "x"}), *entries[3:]],
        "removed": [*entries[:2], *entries[3:]],
        "swapped": [entries[0], entries[2], entries[1], *entries[3:]],
        "forged": [*entries[:2], forged, *entries[3:]],
    }
    broken = {name: (await verify(walk(log))).broken_at for name, log in tampered.items()}
    assert broken == {"content": 3, "removed": 4, "swapped": 3, "forged": 4}


async def test_writers_at_once_make_one_chain(db: Database) -> None:
    async def write(number: int) -> None:
        async with db.transaction() as tx:
            await repository.append(
                tx,
                at=AT,
                actor_id=None,
                action="sanction.imposed",
                subject=f"user:{number}",
                details={"n": number},
            )

    await asyncio.gather(*(write(n) for n in range(12)))
    async with db.transaction() as tx:
        entries = [entry async for entry in repository.read(tx)]
    assert [entry.seq for entry in entries] == list(range(1, 13))
    assert (await verify(walk(entries))).broken_at is None


@pytest.mark.parametrize(
    "statement",
    ["UPDATE moderation_audit SET action = 'x'", "DELETE FROM moderation_audit", "TRUNCATE moderation_audit"],
)
async def test_the_database_refuses_every_change(db: Database, statement: str) -> None:
    async with db.transaction() as tx:
        await repository.append(tx, at=AT, actor_id=None, action="a", subject="s", details={})
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        async with db.transaction() as tx:
            await tx.execute(statement.encode())
    async with db.transaction() as tx:
        assert [e.action async for e in repository.read(tx)] == ["a"]


async def test_an_exported_file_is_checked_line_by_line(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    lines = [orjson.dumps(entry.export()) for entry in chain(3)]
    log.write_bytes(b"\n".join(lines))
    assert await check_file(log) == Verification(3, chain(3)[-1].hash.hex())
    log.write_bytes(b"\n".join([lines[0], lines[2]]))
    assert (await check_file(log)).problem == "entry 2 is missing"
    log.write_bytes(b"\n".join([lines[0], b"{}"]))
    with pytest.raises(ValueError, match="line 2 is no entry"):
        await check_file(log)
