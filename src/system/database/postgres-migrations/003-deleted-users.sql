-- A deleted user keeps the row, for the entries of others name it: without a password, and with the time of the deletion.
-- leaving lasts until the user is out of every conversation.
ALTER TABLE users ADD deleted_at bigint, ADD leaving boolean NOT NULL DEFAULT false;
CREATE INDEX users_leaving ON users (id) WHERE leaving;

-- Null when nobody may sign in on the device any more.
ALTER TABLE devices ALTER label DROP NOT NULL;
