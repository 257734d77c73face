"""The charts of their time: each that has decided here is kept, so that its rows can be decided again."""

from syncline.core.chart import Chart
from syncline.store.transaction import Transaction


def keep_charts(tx: Transaction, *, charts: tuple[Chart, ...], now: int) -> None:
    """Keep charts that may decide from now on."""
    for chart in charts:
        tx.keep_chart(reference=chart.reference, source=chart.content, at=now)


def charts(tx: Transaction) -> dict[str, bytes]:
    """Answer the bytes of every chart file that was ever used here, by the name that rows give it."""
    return {reference: bytes(source) for reference, source, _ in tx.list_charts()}
