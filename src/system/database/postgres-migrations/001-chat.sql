-- Users, devices, conversations, messages.
-- Ids are bigints: eight bytes where a UUID has sixteen, and new rows go to the end of their index.
-- Tables on the path of every message carry no foreign keys: each would cost a look-up and a row lock per message.

CREATE TABLE users (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  password_hash text NOT NULL,
  created_at bigint NOT NULL
);
CREATE UNIQUE INDEX users_name ON users (lower(name COLLATE "C"));

-- connection is the number of the newest one; it moves with every `hello`, so there is room as in conversations below.
CREATE TABLE devices (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id bigint NOT NULL REFERENCES users,
  label text NOT NULL,
  connection bigint NOT NULL DEFAULT 0,
  UNIQUE (user_id, label)
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 10000);

CREATE TABLE sessions (
  token_digest text PRIMARY KEY,
  device bigint NOT NULL REFERENCES devices,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL
);
CREATE INDEX sessions_device ON sessions (device);

-- last_seq moves with every batch. No index has it and half of each page is left free, so that the new version of a row
-- finds room beside the old one (a heap-only update: no index is written, and the room is reused without a vacuum).
-- No CHECK here nor on messages: PostgreSQL parses them anew for every statement that writes.
CREATE TABLE conversations (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  last_seq bigint NOT NULL,
  -- 'direct' or 'group'.
  kind text NOT NULL,
  title text NOT NULL,
  admin bigint REFERENCES users,
  -- The two of a direct conversation, the lower id first; null in a group.
  direct_low bigint,
  direct_high bigint
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 10000);
CREATE UNIQUE INDEX conversations_direct ON conversations (direct_low, direct_high) WHERE direct_low IS NOT NULL;

-- One row for each stay: who left and came back has several. left_seq is the entry that ended it, null while it lasts.
CREATE TABLE members (
  conversation bigint NOT NULL REFERENCES conversations,
  user_id bigint NOT NULL REFERENCES users,
  joined_seq bigint NOT NULL,
  left_seq bigint,
  PRIMARY KEY (conversation, user_id, joined_seq)
);
CREATE UNIQUE INDEX members_present ON members (conversation, user_id) WHERE left_seq IS NULL;
CREATE INDEX members_user ON members (user_id, conversation);

-- Every entry of every sequence. A message has epoch and payload; a change of membership has change ('created', 'added',
-- 'removed' or 'left'), users and the admin afterwards instead. An expired message keeps its row without the payload: a
-- late repeat must still be recognised. Vacuum and analyze run by the number of new rows, so that their work does not
-- grow with the table.
CREATE TABLE messages (
  conversation bigint NOT NULL,
  seq bigint NOT NULL,
  device bigint NOT NULL,
  client_id bigint NOT NULL,
  at bigint NOT NULL,
  epoch bigint,
  payload text,
  change text,
  users bigint[],
  admin bigint,
  PRIMARY KEY (conversation, seq),
  UNIQUE (device, client_id)
) WITH (
  autovacuum_vacuum_insert_threshold = 1000000,
  autovacuum_vacuum_insert_scale_factor = 0,
  autovacuum_vacuum_threshold = 200000,
  autovacuum_vacuum_scale_factor = 0.05,
  autovacuum_analyze_threshold = 1000000,
  autovacuum_analyze_scale_factor = 0.2
);
-- Payloads are ciphertext: trying to compress them is lost work.
ALTER TABLE messages ALTER COLUMN payload SET STORAGE EXTERNAL;
CREATE INDEX messages_expiry ON messages (at) WHERE payload IS NOT NULL;

-- How far each device has stored each conversation.
CREATE TABLE cursors (
  device bigint NOT NULL,
  conversation bigint NOT NULL,
  up_to bigint NOT NULL,
  PRIMARY KEY (device, conversation)
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 10000);

-- Writes a batch of messages that are, as almost always, new, from members and from the newest connections of their devices;
-- raises NW001 when one is not, so that nothing is written. conversation_ids are distinct and ascending, the order in which all writers lock; sizes are the
-- numbers of messages for each. The other arrays have one element per message: `slots` is the place in conversation_ids,
-- `offsets` counts from 1 within the conversation. Answers the sequence before the first message of each conversation.
-- Each statement in a function sees what was committed before it began; members and connections are therefore read as they
-- are while the rows of the conversations are locked: nobody can be removed in between, and who repeats an operation on a
-- connection that begins after the look waits for the lock, and then sees what was written. Who belongs to a direct conversation never
-- changes and stands in its row; in a group the look-up is a scalar subquery, which is never turned into a join over the
-- whole table.
CREATE FUNCTION accept_new(
  conversation_ids bigint[], sizes bigint[], slots bigint[], offsets bigint[],
  senders bigint[], devices bigint[], connections bigint[], client_ids bigint[], times bigint[], epochs bigint[],
  payloads text[]
) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
  bases bigint[];
  lows bigint[];
  highs bigint[];
  written bigint;
BEGIN
  WITH bumped AS (
    UPDATE conversations c SET last_seq = c.last_seq + asked.size
    FROM unnest(conversation_ids, sizes) asked (id, size)
    WHERE c.id = asked.id
    RETURNING c.id, c.last_seq - asked.size AS base, c.direct_low, c.direct_high
  )
  SELECT array_agg(base ORDER BY id), array_agg(direct_low ORDER BY id), array_agg(direct_high ORDER BY id)
  INTO bases, lows, highs FROM bumped;
  IF cardinality(bases) IS DISTINCT FROM cardinality(conversation_ids) THEN
    RAISE SQLSTATE 'NW001';
  END IF;
  INSERT INTO messages (conversation, seq, device, client_id, at, epoch, payload)
  SELECT conversation_ids[slot], bases[slot] + place, device, client_id, at, epoch, payload
  FROM unnest(slots, offsets, senders, devices, connections, client_ids, times, epochs, payloads)
    asked (slot, place, sender, device, connection, client_id, at, epoch, payload)
  WHERE (sender = lows[slot] OR sender = highs[slot] OR lows[slot] IS NULL AND (
    SELECT true FROM members m
    WHERE m.conversation = conversation_ids[slot] AND m.user_id = sender AND m.left_seq IS NULL
  )) AND connection >= (SELECT d.connection FROM devices d WHERE d.id = device);
  GET DIAGNOSTICS written = ROW_COUNT;
  IF written <> cardinality(slots) THEN
    RAISE SQLSTATE 'NW001';
  END IF;
  RETURN bases;
END $$;

-- The same for a batch that may hold repeats and messages of strangers or superseded connections: it leaves them out, and
-- answers the place in the batch (from 1) and the sequence of each message that it wrote.
CREATE FUNCTION accept_any(
  conversation_ids bigint[], conversations_of bigint[],
  senders bigint[], devices bigint[], connections bigint[], client_ids bigint[], times bigint[], epochs bigint[],
  payloads text[]
) RETURNS TABLE (place bigint, given_seq bigint) LANGUAGE plpgsql AS $$
DECLARE
  locked bigint[];
BEGIN
  SELECT array_agg(id) INTO locked FROM (
    SELECT id FROM conversations WHERE id = ANY (conversation_ids) ORDER BY id FOR NO KEY UPDATE
  ) c;
  RETURN QUERY
  WITH fresh AS MATERIALIZED (
    SELECT asked.*, row_number() OVER (PARTITION BY asked.conversation ORDER BY asked.n) AS step
    FROM unnest(conversations_of, senders, devices, connections, client_ids, times, epochs, payloads) WITH ORDINALITY
      asked (conversation, sender, device, connection, client_id, at, epoch, payload, n)
    -- One that was made after the locks were taken is not locked.
    WHERE asked.conversation = ANY (locked) AND (
      SELECT true FROM members m
      WHERE m.conversation = asked.conversation AND m.user_id = asked.sender AND m.left_seq IS NULL
    ) AND (
      SELECT true FROM messages d WHERE d.device = asked.device AND d.client_id = asked.client_id
    ) IS NULL AND asked.connection >= (SELECT d.connection FROM devices d WHERE d.id = asked.device)
  ), sized AS (
    SELECT fresh.conversation, count(*) AS size FROM fresh GROUP BY fresh.conversation
  ), bumped AS (
    UPDATE conversations c SET last_seq = c.last_seq + sized.size FROM sized WHERE c.id = sized.conversation
    RETURNING c.id, c.last_seq - sized.size AS base
  ), placed AS MATERIALIZED (
    SELECT fresh.*, bumped.base + fresh.step AS seq FROM fresh JOIN bumped ON bumped.id = fresh.conversation
  ), written AS (
    INSERT INTO messages (conversation, seq, device, client_id, at, epoch, payload)
    SELECT p.conversation, p.seq, p.device, p.client_id, p.at, p.epoch, p.payload FROM placed p ORDER BY p.n
  )
  SELECT p.n, p.seq FROM placed p;
END $$;
