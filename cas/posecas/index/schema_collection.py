"""Version 3 of the schema: what collecting garbage needs to know, kept by triggers.

- ``blobs.unposed``: since when no pose names the blob, for blobs that one has named. What was made
  from such a blob is collected with it, even where renditions refer to each other.
- ``replicas.condemned``: the sequence of the change that condemned it. Its object is deleted only
  after the journal holds that change.
- ``store.journalled``: up to which sequence the journal holds everything.
- recipes are logged too, since renditions refer to them.
"""

from typing import Final

from posecas.index.schema import NOW

_NO_POSE: Final = "NOT EXISTS (SELECT 1 FROM poses WHERE blob_id = OLD.blob_id)"

COLLECTION: Final = f"""
ALTER TABLE blobs ADD COLUMN unposed INTEGER;
UPDATE blobs SET unposed = coalesce(since, {NOW})
  WHERE id IN (SELECT source_id FROM renditions) AND id NOT IN (SELECT blob_id FROM poses);
CREATE INDEX blobs_unposed ON blobs (unposed) WHERE unposed IS NOT NULL;

CREATE TRIGGER poses_unposed_insert AFTER INSERT ON poses BEGIN
  UPDATE blobs SET unposed = NULL WHERE id = NEW.blob_id AND unposed IS NOT NULL;
END;
CREATE TRIGGER poses_unposed_delete AFTER DELETE ON poses WHEN {_NO_POSE} BEGIN
  UPDATE blobs SET unposed = {NOW} WHERE id = OLD.blob_id;
END;
CREATE TRIGGER poses_unposed_replace AFTER UPDATE OF blob_id ON poses
WHEN NEW.blob_id <> OLD.blob_id BEGIN
  UPDATE blobs SET unposed = NULL WHERE id = NEW.blob_id AND unposed IS NOT NULL;
  UPDATE blobs SET unposed = {NOW} WHERE id = OLD.blob_id AND {_NO_POSE};
END;

ALTER TABLE replicas ADD COLUMN condemned INTEGER;
UPDATE replicas SET condemned = (SELECT coalesce(max(sequence), 0) FROM changes)
  WHERE state = 'condemned';
CREATE TRIGGER changes_condemn AFTER INSERT ON changes
WHEN NEW.kind = 'replica' AND json_extract(NEW.body, '$.state') = 'condemned' BEGIN
  UPDATE replicas SET condemned = NEW.sequence WHERE id = NEW.row;
END;

ALTER TABLE store ADD COLUMN journalled INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER recipes_log_insert AFTER INSERT ON recipes BEGIN
  INSERT INTO changes (at, kind, operation, row, body) VALUES ({NOW}, 'recipe', 'insert', NEW.id,
    json_object('name', NEW.name, 'version', NEW.version, 'spec', NEW.spec));
END;
INSERT INTO changes (at, kind, operation, row, body)
  SELECT {NOW}, 'recipe', 'insert', id,
    json_object('name', name, 'version', version, 'spec', spec) FROM recipes;
"""
