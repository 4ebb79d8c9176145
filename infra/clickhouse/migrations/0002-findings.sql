-- The findings: the newest revision of each, its body as the JSON that stands in the log, and beside it the columns that
-- lists are filtered and ordered by.
--
-- Why the body is text: the API gives back exactly the bytes that were emitted; a parsed type would rewrite numbers and
-- the order of fields. Why ordered by id: a revision replaces the one before it by the key (tenant, id). Findings are few,
-- and those of a tenant are read whole and fast without their bodies. They are kept until a person forgets them.

CREATE TABLE IF NOT EXISTS findings (
  tenant LowCardinality(String),
  id FixedString(32) CODEC(ZSTD(1)),
  revision UInt8,
  time DateTime64(3, 'UTC'),
  detector LowCardinality(String),
  version UInt32,
  mode LowCardinality(String),
  severity LowCardinality(String),
  agent String,
  session String,
  history UInt8,
  body String CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY (tenant, id)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;
