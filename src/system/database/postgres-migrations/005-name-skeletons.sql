-- Names that look alike have the same skeleton (src/system/protocol/names.ts) and cannot stand beside each other. Those that
-- did until now keep their names: all but the first get a skeleton that no name has.
ALTER TABLE users ADD skeleton text;
UPDATE users u SET skeleton = known.skeleton || CASE WHEN known.place > 1 THEN '/' || u.id ELSE '' END
FROM (
  SELECT id, skeleton, row_number() OVER (PARTITION BY skeleton ORDER BY id) AS place
  FROM (
    SELECT id, replace(replace(translate(lower(name COLLATE "C"), 'i10._-', 'llo'), 'm', 'rn'), 'w', 'vv') AS skeleton
    FROM users
  ) named
) known
WHERE known.id = u.id;
ALTER TABLE users ALTER skeleton SET NOT NULL;
CREATE UNIQUE INDEX users_skeleton ON users (skeleton COLLATE "C");
