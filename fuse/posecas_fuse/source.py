"""What mount(8) and df show as a mount's source: the store."""


def escaped(source: str) -> str:
    """Return it as libfuse and fusermount3 read it among options, which commas separate."""
    return source.replace("\\", "\\\\").replace(",", "\\,")
