"""The schema in SQLite's words: version 1, and at the end what later versions add to it.

Integer ids, each digest once as 32 bytes, times in milliseconds since 1970. Triggers keep the
counts and refuse what the put protocol forbids, so that no code path, and no statement typed by
hand, can break it: a reference needs a live replica, states only move forward, the last live
replica of something referenced is never condemned. Every table is STRICT.

A replica's key is not stored: it is made of the blob's digest, the replica's ``nonce`` and the
media type's extension (`names.object_key`).
"""

from typing import Final

NOW: Final = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"

TABLES: Final = """
CREATE TABLE store (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  store_id TEXT NOT NULL,
  index_id TEXT NOT NULL,
  history TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 128),
  quota INTEGER CHECK (quota >= 0),
  used INTEGER NOT NULL DEFAULT 0 CHECK (used >= 0),
  reserved INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0),
  poses INTEGER NOT NULL DEFAULT 0 CHECK (poses >= 0),
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE reservations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id INTEGER NOT NULL REFERENCES users (id),
  bytes INTEGER NOT NULL CHECK (bytes > 0),
  lease_until INTEGER NOT NULL
) STRICT;
CREATE INDEX reservations_user ON reservations (user_id);
CREATE INDEX reservations_lease ON reservations (lease_until);

CREATE TABLE generations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 128),
  user_id INTEGER NOT NULL REFERENCES users (id),
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  UNIQUE (id, user_id)
) STRICT;
CREATE INDEX generations_user ON generations (user_id);

CREATE TABLE locations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 128),
  url TEXT NOT NULL,
  host TEXT,
  state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'draining', 'detached')),
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE blobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
  size INTEGER NOT NULL CHECK (size > 0),
  media_type TEXT NOT NULL CHECK (media_type IN ('image/png', 'image/jpeg', 'image/webp')),
  width INTEGER NOT NULL CHECK (width > 0),
  height INTEGER NOT NULL CHECK (height > 0),
  pixels BLOB CHECK (length(pixels) = 32),
  refs INTEGER NOT NULL DEFAULT 0 CHECK (refs >= 0),
  since INTEGER,
  created_at INTEGER NOT NULL,
  CHECK ((refs = 0) = (since IS NOT NULL))
) STRICT;
CREATE INDEX blobs_garbage ON blobs (since) WHERE refs = 0;
CREATE INDEX blobs_pixels ON blobs (pixels) WHERE pixels IS NOT NULL;

CREATE TABLE replicas (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  blob_id INTEGER NOT NULL REFERENCES blobs (id),
  location_id INTEGER NOT NULL REFERENCES locations (id),
  nonce BLOB NOT NULL CHECK (length(nonce) = 6),
  state TEXT NOT NULL CHECK (state IN ('pending', 'live', 'damaged', 'condemned')),
  lease_until INTEGER,
  since INTEGER NOT NULL,
  checked_at INTEGER,
  claimed_until INTEGER,
  CHECK ((state = 'pending') = (lease_until IS NOT NULL)),
  UNIQUE (blob_id, location_id, nonce)
) STRICT;
CREATE UNIQUE INDEX replicas_live ON replicas (blob_id, location_id) WHERE state = 'live';
CREATE INDEX replicas_pending ON replicas (lease_until) WHERE state = 'pending';
CREATE INDEX replicas_condemned ON replicas (location_id, since) WHERE state = 'condemned';

CREATE TABLE recipes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
  version INTEGER NOT NULL CHECK (version > 0),
  spec TEXT NOT NULL,
  UNIQUE (name, version)
) STRICT;

CREATE TABLE renditions (
  source_id INTEGER NOT NULL REFERENCES blobs (id),
  recipe_id INTEGER NOT NULL REFERENCES recipes (id),
  blob_id INTEGER NOT NULL REFERENCES blobs (id),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (source_id, recipe_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX renditions_blob ON renditions (blob_id);

CREATE TABLE poses (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  generation_id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
  blob_id INTEGER NOT NULL REFERENCES blobs (id),
  pose_library_id TEXT,
  prompt TEXT,
  model TEXT,
  seed TEXT CHECK (seed GLOB '[0-9]*' OR seed GLOB '-[0-9]*'),
  controlnet_weight REAL,
  generation_time REAL CHECK (generation_time >= 0),
  status TEXT NOT NULL DEFAULT 'completed'
    CHECK (status IN ('completed', 'processing', 'failed')),
  favourite INTEGER NOT NULL DEFAULT 0 CHECK (favourite IN (0, 1)),
  downloads INTEGER NOT NULL DEFAULT 0 CHECK (downloads >= 0),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (generation_id, name),
  FOREIGN KEY (generation_id, user_id) REFERENCES generations (id, user_id) ON UPDATE CASCADE
) STRICT;
CREATE INDEX poses_generation ON poses (generation_id);
CREATE INDEX poses_user ON poses (user_id);
CREATE INDEX poses_blob ON poses (blob_id);
CREATE INDEX poses_expiry ON poses (created_at) WHERE favourite = 0 AND downloads = 0;

CREATE TABLE aliases (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  path TEXT NOT NULL UNIQUE,
  pose_id INTEGER REFERENCES poses (id) ON DELETE SET NULL,
  recipe TEXT,
  led_to TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX aliases_pose ON aliases (pose_id);

CREATE TABLE changes (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  operation TEXT NOT NULL CHECK (operation IN ('insert', 'update', 'delete')),
  row INTEGER NOT NULL,
  body TEXT NOT NULL CHECK (json_valid(body))
) STRICT;
"""

_COUNT_REFERENCE = "UPDATE blobs SET refs = refs + 1, since = NULL WHERE id = NEW.blob_id;"
_DROP_REFERENCE = (
    f"UPDATE blobs SET refs = refs - 1, since = CASE WHEN refs = 1 THEN {NOW} END"
    " WHERE id = OLD.blob_id;"
)
_NEEDS_LIVE_REPLICA = """
  SELECT RAISE(ABORT, 'a reference needs a live replica of its blob') WHERE NOT EXISTS
    (SELECT 1 FROM replicas WHERE blob_id = NEW.blob_id AND state = 'live');
"""
_REFERENCED = """
  (EXISTS (SELECT 1 FROM poses WHERE blob_id = OLD.blob_id)
   OR EXISTS (SELECT 1 FROM renditions WHERE blob_id = OLD.blob_id))
"""

COUNTS: Final = f"""
CREATE TRIGGER reservations_insert AFTER INSERT ON reservations BEGIN
  UPDATE users SET reserved = reserved + NEW.bytes WHERE id = NEW.user_id;
END;
CREATE TRIGGER reservations_delete AFTER DELETE ON reservations BEGIN
  UPDATE users SET reserved = reserved - OLD.bytes WHERE id = OLD.user_id;
END;
CREATE TRIGGER reservations_fixed BEFORE UPDATE OF user_id, bytes ON reservations BEGIN
  SELECT RAISE(ABORT, 'a reservation is given back, not changed');
END;

CREATE TRIGGER poses_insert AFTER INSERT ON poses BEGIN
  {_COUNT_REFERENCE}
  UPDATE users SET poses = poses + 1,
    used = used + (SELECT size FROM blobs WHERE id = NEW.blob_id) WHERE id = NEW.user_id;
  UPDATE generations SET changed_at = {NOW} WHERE id = NEW.generation_id;
END;
CREATE TRIGGER poses_delete AFTER DELETE ON poses BEGIN
  {_DROP_REFERENCE}
  UPDATE users SET poses = poses - 1,
    used = used - (SELECT size FROM blobs WHERE id = OLD.blob_id) WHERE id = OLD.user_id;
  UPDATE generations SET changed_at = {NOW} WHERE id = OLD.generation_id;
END;
CREATE TRIGGER poses_replace AFTER UPDATE OF blob_id ON poses WHEN NEW.blob_id <> OLD.blob_id BEGIN
  {_COUNT_REFERENCE}
  {_DROP_REFERENCE}
  UPDATE users SET used = used + (SELECT size FROM blobs WHERE id = NEW.blob_id)
    - (SELECT size FROM blobs WHERE id = OLD.blob_id) WHERE id = NEW.user_id;
  UPDATE generations SET changed_at = {NOW} WHERE id = NEW.generation_id;
END;
CREATE TRIGGER poses_move AFTER UPDATE OF user_id ON poses WHEN NEW.user_id <> OLD.user_id BEGIN
  UPDATE users SET poses = poses - 1,
    used = used - (SELECT size FROM blobs WHERE id = OLD.blob_id) WHERE id = OLD.user_id;
  UPDATE users SET poses = poses + 1,
    used = used + (SELECT size FROM blobs WHERE id = NEW.blob_id) WHERE id = NEW.user_id;
END;
CREATE TRIGGER poses_rename AFTER UPDATE OF generation_id, name ON poses BEGIN
  UPDATE generations SET changed_at = {NOW} WHERE id IN (OLD.generation_id, NEW.generation_id);
END;

CREATE TRIGGER renditions_insert AFTER INSERT ON renditions BEGIN {_COUNT_REFERENCE} END;
CREATE TRIGGER renditions_delete AFTER DELETE ON renditions BEGIN {_DROP_REFERENCE} END;
"""

RULES: Final = f"""
CREATE TRIGGER poses_need_replica BEFORE INSERT ON poses BEGIN {_NEEDS_LIVE_REPLICA} END;
CREATE TRIGGER poses_replace_needs_replica BEFORE UPDATE OF blob_id ON poses
WHEN NEW.blob_id <> OLD.blob_id BEGIN {_NEEDS_LIVE_REPLICA} END;
CREATE TRIGGER renditions_need_replica BEFORE INSERT ON renditions BEGIN
  {_NEEDS_LIVE_REPLICA}
  SELECT RAISE(ABORT, 'a rendition needs a pose on its source') WHERE NOT EXISTS
    (SELECT 1 FROM poses WHERE blob_id = NEW.source_id);
END;
CREATE TRIGGER renditions_fixed BEFORE UPDATE ON renditions BEGIN
  SELECT RAISE(ABORT, 'a rendition is made once and never changed');
END;
CREATE TRIGGER recipes_fixed BEFORE UPDATE ON recipes BEGIN
  SELECT RAISE(ABORT, 'a changed recipe is a new version');
END;
CREATE TRIGGER blobs_fixed BEFORE UPDATE OF digest, size, media_type, width, height ON blobs BEGIN
  SELECT RAISE(ABORT, 'what is known of a blob never changes');
END;

CREATE TRIGGER replicas_begin BEFORE INSERT ON replicas BEGIN
  SELECT RAISE(ABORT, 'a replica begins pending, or condemned')
    WHERE NEW.state NOT IN ('pending', 'condemned');
  SELECT RAISE(ABORT, 'the location takes nothing new') WHERE NEW.state = 'pending' AND NOT EXISTS
    (SELECT 1 FROM locations WHERE id = NEW.location_id AND state = 'active');
END;
CREATE TRIGGER replicas_fixed BEFORE UPDATE OF blob_id, location_id, nonce ON replicas BEGIN
  SELECT RAISE(ABORT, 'the key of a replica never changes');
END;
CREATE TRIGGER replicas_forward BEFORE UPDATE OF state ON replicas WHEN NEW.state <> OLD.state BEGIN
  SELECT RAISE(ABORT, 'the state of a replica only moves forward')
    WHERE OLD.state || '>' || NEW.state NOT IN
      ('pending>live', 'pending>condemned', 'live>damaged', 'live>condemned', 'damaged>condemned');
  SELECT RAISE(ABORT, 'the location takes nothing new') WHERE NEW.state = 'live' AND NOT EXISTS
    (SELECT 1 FROM locations WHERE id = OLD.location_id AND state = 'active');
  SELECT RAISE(ABORT, 'the last replica of a referenced blob is kept')
    WHERE NEW.state = 'condemned' AND OLD.state IN ('live', 'damaged') AND {_REFERENCED}
    AND NOT EXISTS (SELECT 1 FROM replicas
      WHERE blob_id = OLD.blob_id AND state = 'live' AND id <> OLD.id);
END;
CREATE TRIGGER replicas_forget BEFORE DELETE ON replicas WHEN OLD.state <> 'condemned' BEGIN
  SELECT RAISE(ABORT, 'only a condemned replica is forgotten');
END;
"""


_LOGGED: Final = {
    "users": ("user", "name quota created_at", "name, quota"),
    "generations": ("generation", "name user_id created_at", "name, user_id"),
    "locations": ("location", "name url host state created_at", "url, host, state"),
    "blobs": ("blob", "digest size media_type width height pixels created_at", ""),
    "replicas": ("replica", "blob_id location_id nonce state since", "state"),
    "renditions": ("rendition", "source_id recipe_id blob_id created_at", ""),
    "poses": (
        "pose",
        """generation_id user_id name blob_id pose_library_id prompt model seed controlnet_weight
        generation_time status favourite downloads created_at updated_at""",
        """generation_id, user_id, name, blob_id, pose_library_id, prompt, model, seed,
        controlnet_weight, generation_time, status, favourite, downloads, created_at""",
    ),
    "aliases": ("alias", "path pose_id recipe led_to created_at", "pose_id"),
}
_BLOBS: Final = {"digest", "pixels", "nonce"}
_FORMER_NAME: Final = ", 'was_generation_id', OLD.generation_id, 'was_name', OLD.name"


def _body(columns: str, row: str, former_name: str = "") -> str:
    def value(column: str) -> str:
        return f"nullif(hex({row}.{column}), '')" if column in _BLOBS else f"{row}.{column}"

    pairs = ", ".join(f"'{column}', {value(column)}" for column in columns.split())
    return f"json_object({pairs}{former_name})"


def _trigger(table: str, operation: str, row: str, body: str, of: str = "") -> str:
    key = "source_id" if table == "renditions" else "id"
    return f"""
CREATE TRIGGER {table}_log_{operation} AFTER {operation.upper()}{of} ON {table} BEGIN
  INSERT INTO changes (at, kind, operation, row, body)
  VALUES ({NOW}, '{_LOGGED[table][0]}', '{operation}', {row}.{key}, {body});
END;"""


def _log_update(table: str, watched: str) -> str:
    former_name = _FORMER_NAME if table == "poses" else ""
    body = _body(_LOGGED[table][1], "NEW", former_name)
    return _trigger(table, "update", "NEW", body, of=f" OF {watched}")


def _log(table: str) -> str:
    _, columns, watched = _LOGGED[table]
    texts = [
        _trigger(table, "insert", "NEW", _body(columns, "NEW")),
        _trigger(table, "delete", "OLD", _body(columns, "OLD")),
    ]
    if watched:
        texts.append(_log_update(table, watched))
    return "".join(texts)


LOG: Final = "".join(map(_log, _LOGGED))
"""Triggers that write every change of lasting columns to ``changes``, in commit order."""

TOUCHED: Final = f"""
DROP TRIGGER poses_log_update;
{_log_update("poses", f"{_LOGGED['poses'][2]}, updated_at")}
"""
"""Version 5: that a pose's ``updated_at`` alone is set is logged too."""

SEARCH: Final = """
CREATE VIEW prompts (id, prompt) AS SELECT id, prompt FROM poses WHERE prompt IS NOT NULL;
CREATE VIRTUAL TABLE prompts_fts USING fts5 (
  prompt, content = 'prompts', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO prompts_fts (prompts_fts) VALUES ('rebuild');

CREATE TRIGGER poses_found_insert AFTER INSERT ON poses WHEN NEW.prompt IS NOT NULL BEGIN
  INSERT INTO prompts_fts (rowid, prompt) VALUES (NEW.id, NEW.prompt);
END;
CREATE TRIGGER poses_found_delete AFTER DELETE ON poses WHEN OLD.prompt IS NOT NULL BEGIN
  INSERT INTO prompts_fts (prompts_fts, rowid, prompt) VALUES ('delete', OLD.id, OLD.prompt);
END;
CREATE TRIGGER poses_found_update AFTER UPDATE OF prompt ON poses WHEN NEW.prompt IS NOT OLD.prompt
BEGIN
  INSERT INTO prompts_fts (prompts_fts, rowid, prompt)
    SELECT 'delete', OLD.id, OLD.prompt WHERE OLD.prompt IS NOT NULL;
  INSERT INTO prompts_fts (rowid, prompt)
    SELECT NEW.id, NEW.prompt WHERE NEW.prompt IS NOT NULL;
END;
"""
"""Version 2: the words of prompts. The words alone are kept, not the prompts once more; a pose
without a prompt costs nothing."""
