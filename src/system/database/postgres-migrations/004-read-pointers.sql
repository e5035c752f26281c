-- How far each user has read each conversation. Like cursors: narrow, moved often, with room beside for the new version.
CREATE TABLE read_pointers (
  user_id bigint NOT NULL,
  conversation bigint NOT NULL,
  up_to bigint NOT NULL,
  PRIMARY KEY (user_id, conversation)
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 10000);
