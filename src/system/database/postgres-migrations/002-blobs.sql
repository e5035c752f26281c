-- Encrypted images. `bytes` and `sha256` are null until all chunks are there; until then nobody sees the blob.
-- `reserved` is what the upload took from its user's allowance when it began; `at` is when it began, then when it was finished.
CREATE TABLE blobs (
  id text PRIMARY KEY,
  conversation bigint NOT NULL,
  user_id bigint NOT NULL,
  at bigint NOT NULL,
  reserved bigint NOT NULL,
  bytes bigint,
  sha256 bytea
);
CREATE INDEX blobs_finished ON blobs (at) WHERE bytes IS NOT NULL;
CREATE INDEX blobs_unfinished ON blobs (at) WHERE bytes IS NULL;

-- The reference makes a chunk wait for whoever deletes its blob at the same moment, and then fail: no chunk is left without a blob.
CREATE TABLE blob_chunks (
  blob text NOT NULL REFERENCES blobs ON DELETE CASCADE,
  place bigint NOT NULL,
  data bytea NOT NULL,
  PRIMARY KEY (blob, place)
);
-- Ciphertext: trying to compress it is lost work.
ALTER TABLE blob_chunks ALTER COLUMN data SET STORAGE EXTERNAL;

-- What each user has uploaded of late: it was `used` bytes at `at`, and empties evenly within a day.
CREATE TABLE blob_allowances (
  user_id bigint PRIMARY KEY,
  used double precision NOT NULL,
  at bigint NOT NULL
);
