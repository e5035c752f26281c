/**
 * The steps of the local database's schema; a file's `user_version` says how many it has been through. Steps are only
 * ever added, never changed. Records that are read whole are JSON: a new optional field needs no step.
 */
export const sqliteSchema: readonly string[] = [
  `CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
   CREATE TABLE conversations (id INTEGER PRIMARY KEY, facts TEXT NOT NULL, progress TEXT NOT NULL) STRICT;
   CREATE TABLE entries (
     conversation INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, sender TEXT NOT NULL,
     device INTEGER NOT NULL, client_id INTEGER NOT NULL, content TEXT NOT NULL,
     text TEXT, -- folded for the search; null for what is no message
     PRIMARY KEY (conversation, seq)
   ) STRICT;
   CREATE INDEX messages_by_time ON entries (at, conversation, seq) WHERE text IS NOT NULL;
   CREATE INDEX messages_of_conversation ON entries (conversation, at, seq) WHERE text IS NOT NULL;
   CREATE TABLE operations (client_id INTEGER PRIMARY KEY, operation TEXT NOT NULL) STRICT;
   CREATE TABLE keys (name TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT;`,
];

/** Marks a file as ours: "Nwab" as a number. */
export const sqliteApplicationId = 0x4e776162;
