-- Tables for a ClickHouse cluster of several replicas, generated from infra/clickhouse/migrations by scripts/replicated-schema.ts:
-- not edited by hand. Run it once in the database that moltwatch uses, before its first start; README.md says how.

-- which migrations were applied
CREATE TABLE IF NOT EXISTS migrations ON CLUSTER '{cluster}' (
  number UInt32,
  name String,
  checksum FixedString(64),
  applied_at DateTime DEFAULT now()
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') ORDER BY (number, name, checksum);

-- 0001-events.sql
CREATE TABLE IF NOT EXISTS events ON CLUSTER '{cluster}' (
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
PARTITION BY toYYYYMM(time)
ORDER BY (tenant, identity, time, event_id)
TTL toDateTime(receipt_time) + INTERVAL 400 DAY
SETTINGS replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;

-- 0002-findings.sql
CREATE TABLE IF NOT EXISTS findings ON CLUSTER '{cluster}' (
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', revision)
ORDER BY (tenant, id)
SETTINGS replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;

-- 0003-dead-letters.sql
CREATE TABLE IF NOT EXISTS dead_letters ON CLUSTER '{cluster}' (
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
ORDER BY (tenant, id)
TTL toDateTime(time) + INTERVAL 90 DAY
SETTINGS replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;
