"""Wanting to end: told to all locations of a store at once, by whoever closes it."""


class Hurry:
    """Whether somebody who waits for locations wants to end. Thread-safe.

    Then a location that does not answer is given up within seconds, also where it is being asked
    again already; an attempt that is under way goes on.
    """

    def __init__(self) -> None:
        self._begun = False

    @property
    def begun(self) -> bool:
        """Whether it has begun; it does not end."""
        return self._begun

    def begin(self) -> None:
        """Begin. Calling it twice is allowed."""
        self._begun = True
