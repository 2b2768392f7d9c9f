"""``posecas cost``."""

from collections.abc import Iterator

import click

from posecas.cost import Cost
from posecas.machine import cost_json
from posecas.units import format_size
from posecas_cli import output, parameters, session
from posecas_cli.command import command

_HEADINGS = ("location", "prices", ">what", ">how much", ">$ a month")


@command(
    "cost",
    examples="""
posecas cost
posecas cost --reads 2000000
posecas cost --json | jq .total
""",
    exits=(0, 1, 2, 5, 8, 10, 130),
)
@click.option(
    "--reads",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="So many images a month are read from the write location, past any cache.",
)
@click.option(
    "--served",
    metavar="SIZE",
    default="0",
    show_default=True,
    callback=parameters.size,
    help="So many bytes a month leave it, where that is charged.",
)
def cost(reads: int, served: int) -> None:
    """Estimate what each location costs a month: what is kept, and what was written in 30 days.

    Prices are those of R2, AWS S3 or Supabase by the location's endpoint, less what is free; others
    are set as location.NAME.prices. Deleting is free; what is condemned costs until gc deletes it.
    """
    with session.open_store() as store:
        found = list(store.costs(reads=reads, served=served))
    if session.current().json:
        output.table(_HEADINGS, [(cost_json(one), ()) for one in found])
        return
    output.table(_HEADINGS, [({}, cells) for one in found for cells in _lines(one)])
    total = sum(one.total for one in found)
    output.data({}, f"together ${total:,.2f} a month")


def _lines(one: Cost) -> Iterator[tuple[str, ...]]:
    for what, much, price in (
        ("storage", format_size(one.stored), one.storage_cost),
        ("writes", f"{one.writes:,}", one.writes_cost),
        ("reads", f"{one.reads:,}", one.reads_cost),
        ("egress", format_size(one.served), one.egress_cost),
    ):
        yield one.location, one.prices, what, much, f"{price:,.2f}"
