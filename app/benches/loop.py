"""`shopcast bench loop`: a thousand buyers at once, a hundred units."""

from collections import Counter

from app.benches.http_load import Answer, Connections, percentile_ms
from app.benches.shop import bench_platform, make_buyers, make_sku, order_request, stock_of
from app.core.report import Report

HOST = "127.0.0.1"


async def run(*, buyers: int, units: int) -> None:
    """Print how many orders were made, what is left, and how long a request took."""
    report = Report("bench loop")
    report.progress("starting PostgreSQL, Redis and the web role")
    async with bench_platform() as bench:
        report.progress(f"registering {buyers} buyers")
        secrets = await make_buyers(bench.db, buyers)
        sku_id = await make_sku(bench.db, units)
        # Each buyer's browser has a connection open already: it shows the live page.
        async with await Connections.open(HOST, bench.settings.web_port, buyers) as connections:
            await connections.send(b"GET /api/products HTTP/1.1\r\nhost: bench\r\n\r\n")
            report.progress(f"{buyers} buyers order at once")
            answers = await connections.send_all([order_request(secret, sku_id) for secret in secrets])
        available, _, ordered = await stock_of(bench.db, sku_id)
    statuses = Counter(_outcome(answer) for answer in answers)
    figures = {
        "orders": statuses["ordered"],
        "stock": available,
        "p95_ms": percentile_ms(answers, 95),
        "errors": statuses["error"],
        "sold_out": statuses["sold out"],
        "p50_ms": percentile_ms(answers, 50),
        "max_ms": percentile_ms(answers, 100),
        "units": units,
        "ordered_in_database": ordered,
    }
    report.table("bench loop", ["figure", "value"], figures.items())
    report.finish(figures)


def _outcome(answer: Answer) -> str:
    if answer.status == 201:
        return "ordered"
    if answer.status == 409 and b'"out_of_stock"' in answer.body:
        return "sold out"
    return "error"
