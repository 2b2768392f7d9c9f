"""Writes into docs/reference what the code itself knows: commands, settings, recipes, errors.

    python tools/reference.py            write it
    python tools/reference.py --check    exit 1 and name the pages that are not current

A page's own words stay; what stands between ``<!-- generated: name -->`` and ``<!-- end -->`` is
replaced.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import click

from posecas import errors
from posecas.config import TEMPLATE, Setting, config_without_store
from posecas.config.locations import known_of_location
from posecas.config.settings import Known
from posecas.images.recipes import RECIPES, Recipe
from posecas.units import format_size
from posecas_cli.commands import COMMANDS
from posecas_cli.commands import posecas as program
from posecas_cli.exits import MEANINGS

PAGES: Final = Path(__file__).parent.parent / "docs" / "reference"
BLOCK: Final = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
WIDTH: Final = 80


def main(arguments: Sequence[str]) -> int:
    stale = []
    for page in sorted(PAGES.glob("*.md")):
        old = page.read_text("utf-8")
        if (new := current(old)) != old:
            stale.append(page.name)
            if "--check" not in arguments:
                page.write_text(new, "utf-8")
    for name in stale if "--check" in arguments else ():
        print(f"docs/reference/{name} is not current; run: make docs", file=sys.stderr)
    return int("--check" in arguments and bool(stale))


def current(page: str) -> str:
    """Return the page with every generated block made anew."""

    def made(block: re.Match[str]) -> str:
        lines = "\n".join(GENERATED[block[2]]())
        return f"{block[1]}\n{lines}\n\n{block[3]}"

    return BLOCK.sub(made, page)


def commands() -> Iterator[str]:
    with click.Context(program, info_name="posecas", terminal_width=WIDTH) as context:
        yield from helped("posecas", program, context)
        shown = set()
        for name in COMMANDS:
            command = program.get_command(context, name)
            if command is None or command.name in shown:
                continue
            shown.add(command.name)
            yield from with_inner(name, command, context)


def with_inner(name: str, command: click.Command, parent: click.Context) -> Iterator[str]:
    with click.Context(command, parent, info_name=name, terminal_width=WIDTH) as context:
        yield from helped(name, command, context)
        for inner in command.commands.values() if isinstance(command, click.Group) else ():
            with click.Context(inner, context, info_name=inner.name, terminal_width=WIDTH) as deep:
                yield from helped(f"{name} {inner.name}", inner, deep)


def helped(name: str, command: click.Command, context: click.Context) -> Iterator[str]:
    yield from ("", f"## {name}", "", "```text", command.get_help(context).rstrip(), "```")


def settings() -> Iterator[str]:
    return table(
        ("setting", "default", "what it is", "environment"),
        map(setting, config_without_store(environ={}).settings),
    )


def setting(one: Setting) -> Sequence[str]:
    variable = f"POSECAS_{one.name.upper().replace('.', '_')}"
    return code(one.name), code(str(one.value)), one.meaning, code(variable)


def locations() -> Iterator[str]:
    def row(field: str, one: Known) -> Sequence[str]:
        r2 = dict(known_of_location("r2", {}))[field]
        default = code(str(one.default))
        if r2.default != one.default:
            default += f"; for r2 {code(str(r2.default))}"
        return code(field), default, one.meaning, code(r2.variable)

    return table(
        ("in `[location.<name>]`", "default", "what it is", "environment, for r2"),
        (row(field, one) for field, one in known_of_location("any", {})),
    )


def template() -> Iterator[str]:
    yield from ("```toml", TEMPLATE.rstrip(), "```")


def recipes() -> Iterator[str]:
    return table(
        ("recipe", "version", "pixels", "fit", "format", "at most"), map(recipe, RECIPES.values())
    )


def recipe(one: Recipe) -> Sequence[str]:
    formats = dict.fromkeys((encoding(one, "opaque"), encoding(one, "transparent")))
    return (
        code(one.name),
        str(one.version),
        f"{one.width}x{one.height}",
        one.fit if one.fit == "cover" else f"{one.fit}, {one.pad}",
        "; transparent: ".join(formats),
        "" if one.max_bytes is None else format_size(one.max_bytes),
    )


def encoding(one: Recipe, which: str) -> str:
    found = getattr(one, which)
    told = (found.name, getattr(found, "quality", None), getattr(found, "subsampling", None))
    return " ".join(str(part) for part in told if part is not None)


def exits() -> Iterator[str]:
    classes: dict[int, list[type[errors.PosecasError]]] = {}
    for one in vars(errors).values():
        if isinstance(one, type) and issubclass(one, errors.PosecasError) and public(one):
            classes.setdefault(one.exit_code, []).append(one)
    return table(
        ("code", "meaning", "errors"),
        (
            (str(number), meaning, ", ".join(code(one.__name__) for one in classes.get(number, ())))
            for number, meaning in MEANINGS.items()
        ),
    )


def public(error: type[errors.PosecasError]) -> bool:
    return not (error.__doc__ or "").startswith("Internal")


def table(headings: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(headings)} |"
    yield f"|{'---|' * len(headings)}"
    for cells in rows:
        yield f"| {' | '.join(cells)} |"


def code(text: str) -> str:
    return f"`{text}`" if text else ""


GENERATED: Final[Mapping[str, Callable[[], Iterator[str]]]] = {
    "commands": commands,
    "settings": settings,
    "locations": locations,
    "template": template,
    "recipes": recipes,
    "exits": exits,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
