-- Who is online, said by servers under leases that they renew. What a dead server said ends with its lease.
CREATE TABLE presence_leases (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  renewed_at bigint NOT NULL
) WITH (fillfactor = 50);

-- One row for each user on each server that they are connected to.
CREATE TABLE presence_online (
  user_id bigint NOT NULL,
  lease bigint NOT NULL,
  since bigint NOT NULL,
  PRIMARY KEY (user_id, lease)
) WITH (autovacuum_vacuum_threshold = 10000);
CREATE INDEX presence_online_lease ON presence_online (lease);

-- When somebody who is not online was seen last.
CREATE TABLE presence_seen (
  user_id bigint PRIMARY KEY,
  at bigint NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 10000);
