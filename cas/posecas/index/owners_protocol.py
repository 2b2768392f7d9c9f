"""What an index promises of users, generations and locations; a part of `protocol.Index`."""

from collections.abc import Sequence
from typing import Protocol

from posecas.records import Generation, Location, LocationState, User


class Owners(Protocol):
    """Users, generations and locations themselves."""

    def add_user(self, name: str, *, quota: int | None = None) -> User:
        """Make a user, or return the one there is, unchanged."""
        ...

    def set_quota(self, name: str, quota: int | None) -> User:
        """Set or lift a quota, making the user if need be. Below what is used is allowed."""
        ...

    def add_generation(self, name: str, user: str) -> Generation:
        """Make an empty generation. Raises ``OtherUser`` if it is somebody else's."""
        ...

    def move_generation(self, name: str, user: str) -> Generation:
        """Give a generation with its poses to a user, who is made if need be.

        Its use of the quota moves along. To whom it belongs already: nothing changes. Raises
        ``NotFound``, and ``OverQuota`` if the new owner has no room for it.
        """
        ...

    def remove_generation(self, name: str) -> None:
        """Remove a generation without poses. Raises ``NotFound`` and ``NotEmpty``."""
        ...

    def user_leaving(self, name: str) -> Sequence[Generation]:
        """What ``remove_user`` would remove. Raises the same."""
        ...

    def remove_user(self, name: str) -> Sequence[Generation]:
        """Remove a user without poses, with their empty generations, which are returned.

        Raises ``NotFound``, and ``NotEmpty`` if the user has poses.
        """
        ...

    def add_location(self, name: str, url: str, *, host: str | None) -> Location:
        """Record a location, or return the one there is. Raises ``ForeignStore`` on another url."""
        ...

    def set_location_state(self, name: str, state: LocationState) -> Location:
        """Let a location take new objects, or not."""
        ...
