"""What a generator's text says of an image."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Said:
    """Read from text that nobody checked: lengths, ranges and characters are as they come."""

    prompt: str | None = None
    model: str | None = None
    seed: int | None = None
