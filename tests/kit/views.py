"""Walking a view without a kernel."""

from collections.abc import Iterator

from posecas.view import Entry, Node, View


def at(view: View, path: str) -> Entry:
    """What is at a path below the top; the empty one is the top itself."""
    entry = view.entry(view.root)
    for name in filter(None, path.split("/")):
        entry = view.lookup(entry.node, name)
    return entry


def listed(view: View, path: str = "", *, limit: int = 1000) -> list[Entry]:
    """Everything in a folder, page after page."""
    return list(_pages(view, at(view, path).node, limit))


def names(view: View, path: str = "") -> list[str]:
    """The names in a folder, as they are listed."""
    return [entry.name for entry in listed(view, path)]


def walk(view: View, path: str = "") -> Iterator[tuple[str, Entry]]:
    """Every path below a folder, with its entry."""
    for entry in listed(view, path):
        below = f"{path}/{entry.name}"
        yield below, entry
        if entry.folder:
            yield from walk(view, below)


def _pages(view: View, node: Node, limit: int) -> Iterator[Entry]:
    after: int | None = 0
    while after is not None:
        page = view.children(node, after=after, limit=limit)
        yield from page.items
        after = page.next
