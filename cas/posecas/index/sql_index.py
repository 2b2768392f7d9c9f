"""The index over one engine: all verbs together."""

import secrets

from posecas.index.audit import AuditVerbs
from posecas.index.backups import BackupsVerbs
from posecas.index.catalogue import CatalogueVerbs
from posecas.index.collection import CollectionVerbs
from posecas.index.engine import Engine
from posecas.index.expiry import ExpiryVerbs
from posecas.index.exporting import ExportVerbs
from posecas.index.journal_protocol import Identity
from posecas.index.journalling import JournallingVerbs
from posecas.index.mending import MendingVerbs
from posecas.index.moving import MovingVerbs
from posecas.index.owners import OwnersVerbs, must
from posecas.index.recipe_versions import RecipeVersionVerbs
from posecas.index.references import ReferencesVerbs
from posecas.index.renaming import RenamingVerbs
from posecas.index.reserving import ReservingVerbs
from posecas.index.restored import RestoredVerbs
from posecas.index.sending import SendingVerbs
from posecas.index.use import UseVerbs


class SqlIndex(
    ReferencesVerbs,
    RenamingVerbs,
    ReservingVerbs,
    CollectionVerbs,
    ExpiryVerbs,
    AuditVerbs,
    MendingVerbs,
    MovingVerbs,
    SendingVerbs,
    JournallingVerbs,
    BackupsVerbs,
    ExportVerbs,
    RestoredVerbs,
    RecipeVersionVerbs,
    OwnersVerbs,
    CatalogueVerbs,
    UseVerbs,
):
    """`protocol.Index` over any `Engine`."""

    def __init__(self, engine: Engine, *, host: str) -> None:
        """Use ``engine`` until closed; ``host`` says which local locations can be read."""
        CatalogueVerbs.__init__(self, engine, host)

    def identify(self) -> Identity:
        """Give a new index its ids, once; whoever comes second gets the same."""
        with self._engine.writing() as cursor:
            cursor.run(
                "INSERT INTO store (id, store_id, index_id, history, created_at)"
                " VALUES (1, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                *(secrets.token_hex(8) for _ in range(3)),
                self._engine.clock(),
            )
        return must(self.identity())

    def close(self) -> None:
        """Release what is held. Calling it twice is allowed."""
        self._engine.close()
