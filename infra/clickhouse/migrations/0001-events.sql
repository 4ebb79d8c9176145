-- The events, one row for each canonical event (schemas/event.ts holds the same columns; opening compares them).
--
-- Why this order: nearly every question is about one identity of one tenant over time. Why ReplacingMergeTree: the log
-- delivers at least once, and repeats of one event have the same key, so they merge. A repeat can carry another time when
-- its own time was replaced by the receipt time; therefore every question also takes each event_id once.
-- Why by month of event time: history of past years comes in long after; dropping and reading by time touch few parts.
-- Why kept by receipt time: what was imported today is of use today, however old it is.
-- The deduplication window makes a retry after a lost answer store nothing twice. An insert is on the disk when it is
-- answered (about 35 ms more, once a second), because what is stored is committed and not read from the log again.

CREATE TABLE IF NOT EXISTS events (
  event_id FixedString(32) CODEC(ZSTD(1)),
  tenant LowCardinality(String),
  time DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  receipt_time DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  time_flag LowCardinality(String),
  source LowCardinality(String),
  source_id String CODEC(ZSTD(1)),
  history UInt8,
  principal_kind LowCardinality(String),
  identity String,
  instance String,
  role LowCardinality(String),
  agent_version LowCardinality(String),
  owner LowCardinality(String),
  on_behalf_of Array(String),
  identity_assurance LowCardinality(String),
  credential String,
  session String CODEC(ZSTD(1)),
  trace String,
  task String,
  action LowCardinality(String),
  kind LowCardinality(String),
  activity LowCardinality(String),
  target String CODEC(ZSTD(1)),
  target_kind LowCardinality(String),
  environment LowCardinality(String),
  outcome LowCardinality(String),
  error LowCardinality(String),
  source_address String,
  source_network LowCardinality(String),
  user_agent String CODEC(ZSTD(1)),
  user_agent_family LowCardinality(String),
  peer String,
  peer_domains Array(String),
  protocol LowCardinality(String),
  peer_hash LowCardinality(String),
  approval String,
  approver LowCardinality(String),
  approval_factors LowCardinality(String),
  approval_expires DateTime64(3, 'UTC'),
  bytes_in Float64,
  bytes_out Float64,
  cost Float64,
  tokens_in Float64,
  tokens_out Float64,
  model LowCardinality(String),
  content_origin LowCardinality(String),
  content_classes UInt32,
  extractor_version UInt16,
  value_hashes Array(UInt64),
  value_kinds Array(UInt8),
  indicators String CODEC(ZSTD(1)),
  raw String CODEC(ZSTD(3)),
  INDEX event_id_bloom event_id TYPE bloom_filter(0.001) GRANULARITY 1,
  INDEX session_bloom session TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (tenant, identity, time, event_id)
TTL toDateTime(receipt_time) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;
