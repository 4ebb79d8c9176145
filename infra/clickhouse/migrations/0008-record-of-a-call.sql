-- Column of event schema 3: whether a call of a tool was told by a record of a log or by a span. Events that are stored already
-- did not say it, and hold an empty text.

ALTER TABLE events ADD COLUMN IF NOT EXISTS call_record LowCardinality(String) AFTER source_id;
