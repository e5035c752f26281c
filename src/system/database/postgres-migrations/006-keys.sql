-- End-to-end encryption: the epoch of each conversation's keys, and what devices leave for each other.

-- epoch counts the key changes. sealed is the place of the last entry by which somebody left since the last of them, else 0.
-- bundle is that of the last key change.
ALTER TABLE conversations
  ADD COLUMN epoch bigint NOT NULL DEFAULT 0,
  ADD COLUMN sealed bigint NOT NULL DEFAULT 0,
  ADD COLUMN bundle bigint;

-- A change that brought new keys ('rekeyed' when it brought nothing else) has in epoch the one after it, and commit and bundle.
ALTER TABLE messages
  ADD COLUMN commit text,
  ADD COLUMN bundle bigint;
ALTER TABLE messages ALTER COLUMN commit SET STORAGE EXTERNAL;

CREATE TABLE key_packages (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  device bigint NOT NULL REFERENCES devices,
  package text NOT NULL,
  -- Given when no other is left, and kept; at most one for each device.
  last_resort boolean NOT NULL
);
CREATE UNIQUE INDEX key_packages_last_resort ON key_packages (device) WHERE last_resort;
CREATE INDEX key_packages_single ON key_packages (device, id) WHERE NOT last_resort;
-- A package is too long for an index itself.
CREATE UNIQUE INDEX key_packages_distinct ON key_packages (device, md5(package)) WHERE NOT last_resort;
ALTER TABLE key_packages ALTER COLUMN package SET STORAGE EXTERNAL;

-- conversation and seq name the key change that refers to it, null before; latest while that is the conversation's last.
CREATE TABLE key_bundles (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  device bigint NOT NULL REFERENCES devices,
  at bigint NOT NULL,
  conversation bigint,
  seq bigint,
  latest boolean NOT NULL DEFAULT false,
  welcome text,
  group_info text NOT NULL,
  commit text
);
CREATE INDEX key_bundles_waiting ON key_bundles (at) WHERE conversation IS NULL;
CREATE INDEX key_bundles_waiting_device ON key_bundles (device, id) WHERE conversation IS NULL;
CREATE INDEX key_bundles_expiry ON key_bundles (at) WHERE conversation IS NOT NULL AND NOT latest;
ALTER TABLE key_bundles
  ALTER COLUMN welcome SET STORAGE EXTERNAL,
  ALTER COLUMN group_info SET STORAGE EXTERNAL,
  ALTER COLUMN commit SET STORAGE EXTERNAL;

-- As before, and a message of another epoch than the conversation's, or for a sealed one, is not as it should be either. Both stand in
-- the row that is updated anyway.
CREATE OR REPLACE FUNCTION accept_new(
  conversation_ids bigint[], sizes bigint[], slots bigint[], offsets bigint[],
  senders bigint[], devices bigint[], connections bigint[], client_ids bigint[], times bigint[], epochs bigint[],
  payloads text[]
) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
  bases bigint[];
  lows bigint[];
  highs bigint[];
  in_force bigint[];
  written bigint;
BEGIN
  WITH bumped AS (
    UPDATE conversations c SET last_seq = c.last_seq + asked.size
    FROM unnest(conversation_ids, sizes) asked (id, size)
    WHERE c.id = asked.id
    RETURNING c.id, c.last_seq - asked.size AS base, c.direct_low, c.direct_high,
      CASE WHEN c.sealed = 0 THEN c.epoch END AS epoch
  )
  SELECT array_agg(base ORDER BY id), array_agg(direct_low ORDER BY id), array_agg(direct_high ORDER BY id),
    array_agg(epoch ORDER BY id)
  INTO bases, lows, highs, in_force FROM bumped;
  IF cardinality(bases) IS DISTINCT FROM cardinality(conversation_ids) THEN
    RAISE SQLSTATE 'NW001';
  END IF;
  INSERT INTO messages (conversation, seq, device, client_id, at, epoch, payload)
  SELECT conversation_ids[slot], bases[slot] + place, device, client_id, at, epoch, payload
  FROM unnest(slots, offsets, senders, devices, connections, client_ids, times, epochs, payloads)
    asked (slot, place, sender, device, connection, client_id, at, epoch, payload)
  WHERE epoch = in_force[slot] AND (sender = lows[slot] OR sender = highs[slot] OR lows[slot] IS NULL AND (
    SELECT true FROM members m
    WHERE m.conversation = conversation_ids[slot] AND m.user_id = sender AND m.left_seq IS NULL
  )) AND connection >= (SELECT d.connection FROM devices d WHERE d.id = device);
  GET DIAGNOSTICS written = ROW_COUNT;
  IF written <> cardinality(slots) THEN
    RAISE SQLSTATE 'NW001';
  END IF;
  RETURN bases;
END $$;

-- As before; and for each message that was left out for nothing but its epoch, stale_after is the conversation's last place.
DROP FUNCTION accept_any;
CREATE FUNCTION accept_any(
  conversation_ids bigint[], conversations_of bigint[],
  senders bigint[], devices bigint[], connections bigint[], client_ids bigint[], times bigint[], epochs bigint[],
  payloads text[]
) RETURNS TABLE (place bigint, given_seq bigint, stale_after bigint) LANGUAGE plpgsql AS $$
DECLARE
  locked bigint[];
BEGIN
  SELECT array_agg(id) INTO locked FROM (
    SELECT id FROM conversations WHERE id = ANY (conversation_ids) ORDER BY id FOR NO KEY UPDATE
  ) c;
  RETURN QUERY
  WITH able AS MATERIALIZED (
    SELECT asked.*, c.last_seq, c.sealed = 0 AND c.epoch = asked.epoch AS in_force
    FROM unnest(conversations_of, senders, devices, connections, client_ids, times, epochs, payloads) WITH ORDINALITY
      asked (conversation, sender, device, connection, client_id, at, epoch, payload, n)
    JOIN conversations c ON c.id = asked.conversation
    -- One that was made after the locks were taken is not locked.
    WHERE asked.conversation = ANY (locked) AND (
      SELECT true FROM members m
      WHERE m.conversation = asked.conversation AND m.user_id = asked.sender AND m.left_seq IS NULL
    ) AND (
      SELECT true FROM messages d WHERE d.device = asked.device AND d.client_id = asked.client_id
    ) IS NULL AND asked.connection >= (SELECT d.connection FROM devices d WHERE d.id = asked.device)
  ), fresh AS MATERIALIZED (
    SELECT able.*, row_number() OVER (PARTITION BY able.conversation ORDER BY able.n) AS step
    FROM able WHERE able.in_force
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
  SELECT p.n, p.seq, NULL::bigint FROM placed p
  UNION ALL
  SELECT a.n, NULL::bigint, a.last_seq FROM able a WHERE NOT a.in_force;
END $$;
