-- When a finding was found, in the log's time, and its place in the log.
--
-- Why the place: findings of a tenant come in the order in which they were written, whatever their event times say. Whoever
-- asks for what came after a place misses nothing that came late. Rows from before this migration have 0 in both.

ALTER TABLE findings ADD COLUMN IF NOT EXISTS found_at DateTime64(3, 'UTC') AFTER history;

ALTER TABLE findings ADD COLUMN IF NOT EXISTS place UInt64 AFTER found_at;
