"""A value that must not be seen: it is masked wherever it is printed."""

from typing import final


@final
class Secret:
    """A password or key, immutable. Only `reveal` shows it, to whoever sends it where it belongs.

    No dataclass, whose ``asdict`` would show it.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret('***')" if self._value else "Secret('')"
