-- What could not be processed, with its reason (schemas/dead-letter.ts holds the same columns; opening compares them), so
-- that a person sees what a producer sends wrong without reading the log.
--
-- Why ordered by id: a repeat of a bad record has the same id and merges. Why a short life: a bad record that nobody has
-- repaired in a season is of no use, and a broken producer can make very many of them.

CREATE TABLE IF NOT EXISTS dead_letters (
  id FixedString(32),
  tenant LowCardinality(String),
  time DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  service LowCardinality(String),
  origin LowCardinality(String),
  reason LowCardinality(String),
  detail String CODEC(ZSTD(1)),
  `index` UInt32,
  record String CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree
ORDER BY (tenant, id)
TTL toDateTime(time) + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;
