"""The decisions of the protocol, each in one method, so that a mutant is one method made wrong.

Everything here happens inside one transaction of the index. Who may die, wait or repeat between
two of them is said where the actors are.
"""

from typing import ClassVar

from model.state import Replica, Row, State, live, posed, referenced, swap, with_replicas


class Rules:
    """The protocol as it is."""

    first_row: ClassVar[Row] = "pending"
    """What a writer commits before it sends the first byte."""
    lasting: ClassVar[bool] = False
    """Keys are used more than once."""
    syncs_later: ClassVar[bool] = False
    """A commit is reported before it is durable."""
    adopts: ClassVar[bool] = False
    """After a restore an orphan is taken in as it lies, not copied to a fresh key."""

    def draw(self, state: State, fresh: Replica) -> State | None:
        """Insert a replica with a key that was never used before; None: it has to wait."""
        return with_replicas(state, [*state.replicas, fresh])

    def renewed(self, mine: Replica) -> Replica:
        """The lease after `references.py: renew`."""
        return mine.become(lease=2, renewed=True)

    def takes_new(self, state: State, place: int) -> bool:
        """A location is written to while it is active; read in both transactions."""
        return state.tables.places[place] == "active"

    def hit(self, state: State, blob: str, place: int) -> State | None:
        """Deduplicate: only onto a live replica at the write location."""
        return state if live(state, blob, place) else None

    def acknowledged(self, mine: Replica) -> bool:
        """Whether the writer has what it needs from the location to publish."""
        return mine.written

    def beaten(self, state: State, blob: str, place: int) -> bool:
        """Another live replica at the same location wins over the writer's."""
        return bool(live(state, blob, place))

    def gone_is_fenced(self) -> bool:
        """What `begin` found live and is not any more makes the item begin again."""
        return True

    def still_mine(self, mine: Replica) -> bool:
        """The fence: nobody condemned the writer's row meanwhile."""
        return mine.row == self.first_row

    def keeps_reservation(self, state: State, owner: int) -> bool:
        """The fence of a charged put: its reservation was not released meanwhile."""
        return owner in state.tables.reserved

    def may_render(self, state: State, source: str) -> bool:
        """A rendition is recorded only where a pose is seen on its source."""
        return posed(state.tables, source)

    def copy_is_wanted(self, state: State, blob: str) -> bool:
        """A copy is published only for what something still points at."""
        return referenced(state.tables, blob)

    def given_up(self, mine: Replica, state: State) -> Replica:
        """The writer's row after `references.py: abandon`: pending becomes condemned."""
        return self.condemned(mine, state) if mine.row == "pending" else mine

    def condemned(self, one: Replica, state: State) -> Replica:
        """A condemned row. Without a journal in the model, it is journalled at once."""
        done = one.become(row="condemned", doomed=True, lease=0)
        return done if self.waits_for_journal(state) else done.become(told=True, delete=True)

    def waits_for_journal(self, state: State) -> bool:
        """No collector is given a key to delete before a segment holds its condemnation."""
        return state.phase == "journalled"

    def sweep(self, state: State, blob: str) -> State:
        """Transaction C for one blob: its renditions if no pose names it, then its replicas.

        Models `index/collection.py: condemn`. Grace is zero.
        """
        left = frozenset(pair for pair in state.tables.renditions if pair[0] != blob)
        if not posed(state.tables, blob) and left != state.tables.renditions:
            state = state._replace(tables=state.tables._replace(renditions=left))
        if referenced(state.tables, blob):
            return state
        for one in state.replicas:
            if one.blob == blob and one.row in {"live", "damaged"}:
                state = swap(state, one, self.condemned(one, state))
        return state

    def may_forget(self, one: Replica) -> bool:
        """Rows whose DELETE was acknowledged, nothing else."""
        return one.row == "condemned" and one.deleted

    def forget(self, state: State, one: Replica) -> State:
        """Transaction D for one row. Models `index/collection.py: forget`."""
        return swap(state, one, one.become(row="none", deleted=False))

    def reservation_lapses(self) -> bool:
        """A lease that ended releases what it reserved."""
        return True

    def may_drop(self, state: State, one: Replica) -> bool:
        """Whether `location drop` may condemn it. Models `index/moving.py: retire`."""
        return not referenced(state.tables, one.blob) or self.another(state, one)

    def may_retire(self, state: State, one: Replica) -> bool:
        """Whether a put with ``--commit local`` may let its local replica go, by the same rule."""
        return self.may_drop(state, one)

    def another(self, state: State, one: Replica) -> bool:
        """Another live, undamaged replica is at an active location."""
        return any(
            other is not one and state.tables.places[other.place] == "active"
            for other in live(state, one.blob)
        )

    def restored(self, one: Replica) -> Row:
        """The row of a key in a restored index: condemned, if the journal says so by then."""
        return "condemned" if one.told and one.kept != "none" else one.kept

    def synced(self, state: State) -> State:
        """What a power failure leaves of the index: every commit that was reported."""
        return state

    def marked(self, state: State, one: Replica) -> State:
        """Mark damage, if the row is still live. Models `collection.py: checked`."""
        return swap(state, one, one.become(row="damaged")) if one.row == "live" else state
