"""Users and generations, as a store's users know them; a part of the facade."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from posecas.backends import Backends
from posecas.errors import InvalidName
from posecas.names import check_name
from posecas.records import Generation, Page, User

T = TypeVar("T")


class StoreOwners:
    """The part of `Store` that knows whose is what."""

    _backends: Backends

    def users(self) -> Iterator[User]:
        """Yield all users."""
        return pages(lambda after: self._backends.index.users(after=after))

    def user(self, name: str) -> User | None:
        """Return a user with quota and use, or None."""
        return self._backends.index.user(name)

    def add_user(self, name: str, *, quota: int | None = None) -> User:
        """Make a user, or return the one there is, with the quota that was set before."""
        return self._backends.index.add_user(check_name("user", name), quota=quota)

    def remove_user(self, name: str, *, dry_run: bool = False) -> Sequence[Generation]:
        """Remove a user without poses; return the empty generations that went along.

        Raises ``NotFound``, and ``NotEmpty`` for a user who has poses; ``dry_run`` too.
        """
        index = self._backends.index
        return index.user_leaving(name) if dry_run else index.remove_user(name)

    def set_quota(self, user: str, quota: int | None) -> User:
        """Limit the summed sizes of a user's poses, in bytes; None lifts the limit.

        The user is made if need be. A quota below the present use refuses only what would add.
        """
        return self._backends.index.set_quota(check_name("user", user), quota)

    def generations(self, user: str | None = None) -> Iterator[Generation]:
        """Yield all generations, or one user's."""
        return pages(lambda after: self._backends.index.generations(user, after=after))

    def add_generation(self, name: str, user: str | None = None) -> Generation:
        """Make an empty generation, or return the one there is; ``user`` is made if need be.

        Without a user it is the ``default_user``'s, unless it is somebody's already. Raises
        ``OtherUser`` if it is not the user's, ``InvalidName`` if nobody is named.
        """
        check_name("generation", name)
        index = self._backends.index
        if user is None and (found := index.generation(name)) is not None:
            return found
        owner = user or self._backends.config.default_user
        if not owner:
            raise InvalidName(
                f"generation {name}: it is new and no user is given; give one, or set default_user"
            )
        return index.add_generation(name, check_name("user", owner))

    def move_generation(self, name: str, user: str) -> Generation:
        """Give a generation with its poses to ``user``, who is made if need be.

        Raises ``NotFound``, and ``OverQuota`` if the poses pass the new owner's quota; then
        nothing has moved.
        """
        return self._backends.index.move_generation(name, check_name("user", user))


def pages(page: Callable[[int], Page[T]]) -> Iterator[T]:
    """Yield what all pages hold."""
    after: int | None = 0
    while after is not None:
        found = page(after)
        yield from found.items
        after = found.next
