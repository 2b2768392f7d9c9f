"""``posecas query``."""

from collections.abc import Mapping, Sequence
from typing import Final

import click

from posecas.errors import UsageError
from posecas.opening import open_reader
from posecas_cli import completing, parameters, query_formats, session
from posecas_cli.command import command
from posecas_cli.query_formats import Write

_WRITERS: Final[Mapping[str, Write]] = {
    "--arrays": query_formats.as_arrays,
    "--csv": query_formats.as_csv,
    "--json": query_formats.as_objects,
    "--tsv": query_formats.as_tsv,
}


@command(
    "query",
    examples="""
posecas query 'select user, count(*), sum(size) from images group by user'
posecas query 'select * from images where prompt like :words' -p words '%heron%' --json
posecas query 'select generation, pose from images where width < 512' --csv > small.csv
posecas query "select key from objects where state = 'damaged'" --no-headers
posecas query 'select recipe, count(*) as images from rendered group by recipe' --fmt github
posecas query --tables
""",
    exits=(0, 1, 2, 5, 8, 10, 11, 130),
)
@click.argument("sql", metavar="SQL", required=False)
@click.option(
    "--param",
    "-p",
    "values",
    metavar="NAME VALUE",
    nargs=2,
    multiple=True,
    help="The value of the parameter :NAME, as text; may be given many times.",
)
@click.option("--nl", is_flag=True, help="One JSON object a line, like --json.")
@click.option("--arrays", is_flag=True, help="One JSON array a line.")
@click.option("--csv", is_flag=True, help="Comma-separated values.")
@click.option("--tsv", is_flag=True, help="Tab-separated values.")
@click.option(
    "--fmt",
    metavar="STYLE",
    callback=parameters.one_of(query_formats.styles),
    shell_complete=lambda _context, _option, typed: completing.among(query_formats.styles(), typed),
    help="A table as tabulate makes it: github, html, latex, rst, simple_grid and more.",
)
@click.option("--no-headers", is_flag=True, help="Leave out the names of the columns.")
@click.option(
    "--timeout",
    metavar="TIME",
    default="30s",
    show_default=True,
    callback=parameters.duration,
    help="Stop a statement that takes longer: 10s, 5m.",
)
@click.option("--tables", is_flag=True, help="List what can be asked, with the columns.")
def query(
    sql: str | None,
    values: Sequence[tuple[str, str]],
    fmt: str | None,
    timeout: int,
    *,
    nl: bool,
    arrays: bool,
    csv: bool,
    tsv: bool,
    no_headers: bool,
    tables: bool,
) -> None:
    """Ask the store's index by one statement of SQL that reads; any other is refused.

    Beside the tables there are three views with names and digests as people write them: `images`
    (a row for each pose), `rendered` (for each thumbnail and export) and `objects` (for each stored
    object). Tables and columns may change with a new version; views only gain columns.

    Binary values are shown in hexadecimal; to find one: where digest = x'0123…'. Of the formats at
    most one can be chosen. Time in which the output waits for its reader does not count.
    """
    flags = {"--arrays": arrays, "--csv": csv, "--tsv": tsv, "--fmt": bool(fmt)}
    flags["--json"] = nl or (session.current().json and not arrays)
    write = _writer([flag for flag, given in flags.items() if given], fmt)
    if (sql is None) != tables:
        raise UsageError("give one statement, or --tables; see: posecas query --help")
    with open_reader(session.store_path(), seconds=timeout) as reader:
        answer = reader.tables() if sql is None else reader.run(sql, dict(values))
        write(answer.columns, answer.rows, not (no_headers or session.current().quiet))


def _writer(chosen: Sequence[str], style: str | None) -> Write:
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} are different formats: choose one")
    if style is not None:
        return query_formats.laid_out(style)
    return _WRITERS[chosen[0]] if chosen else query_formats.as_columns
