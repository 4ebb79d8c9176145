CREATE TABLE default.archived (`generation` UInt32,
  `topic` LowCardinality(String),
  `partition` UInt32,
  `next_offset` UInt64,
  `last_row` UInt64,
  `whole_since` DateTime64(3, 'UTC'))
ENGINE = ReplacingMergeTree(next_offset)
ORDER BY (generation, topic, partition)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 8192;

CREATE TABLE default.dead_letters (`id` FixedString(32),
  `tenant` LowCardinality(String),
  `time` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `service` LowCardinality(String),
  `origin` LowCardinality(String),
  `reason` LowCardinality(String),
  `detail` String CODEC(ZSTD(1)),
  `index` UInt32,
  `record` String CODEC(ZSTD(3)),
  `sender` LowCardinality(String))
ENGINE = ReplacingMergeTree
ORDER BY (tenant, id)
TTL toDateTime(time) + toIntervalDay(90)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 8192;

CREATE TABLE default.events (`event_id` FixedString(32) CODEC(ZSTD(1)),
  `content_id` FixedString(32) CODEC(ZSTD(1)),
  `tenant` LowCardinality(String),
  `time` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `time_ns` UInt32,
  `receipt_time` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `time_flag` LowCardinality(String),
  `sequence` UInt32,
  `sender` LowCardinality(String),
  `source` LowCardinality(String),
  `source_id` String CODEC(ZSTD(1)),
  `call_record` LowCardinality(String),
  `history` UInt8,
  `principal_kind` LowCardinality(String),
  `identity` String,
  `instance` String,
  `role` LowCardinality(String),
  `agent_version` LowCardinality(String),
  `owner` LowCardinality(String),
  `on_behalf_of` Array(String),
  `identity_assurance` LowCardinality(String),
  `credential` String,
  `session` String CODEC(ZSTD(1)),
  `session_derived` UInt8,
  `trace` String,
  `task` String,
  `action` LowCardinality(String),
  `kind` LowCardinality(String),
  `activity` LowCardinality(String),
  `target` String CODEC(ZSTD(1)),
  `target_kind` LowCardinality(String),
  `environment` LowCardinality(String),
  `outcome` LowCardinality(String),
  `error` LowCardinality(String),
  `source_address` String,
  `source_network` LowCardinality(String),
  `user_agent` String CODEC(ZSTD(1)),
  `user_agent_family` LowCardinality(String),
  `peer` String,
  `peer_domains` Array(String),
  `protocol` LowCardinality(String),
  `peer_hash` LowCardinality(String),
  `approval` String,
  `approver` LowCardinality(String),
  `approval_factors` LowCardinality(String),
  `approval_expires` DateTime64(3, 'UTC'),
  `bytes_in` Float64,
  `bytes_out` Float64,
  `cost` Float64,
  `tokens_in` Float64,
  `tokens_out` Float64,
  `model` LowCardinality(String),
  `content_origin` LowCardinality(String),
  `content_classes` UInt32,
  `extractor_version` UInt16,
  `value_hashes` Array(UInt64),
  `value_kinds` Array(UInt8),
  `indicators` String CODEC(ZSTD(1)),
  `receipt_rank` UInt64 MATERIALIZED 18446744073709551615 - toUInt64(toUnixTimestamp64Milli(receipt_time)) CODEC(Delta(8), ZSTD(1)), INDEX event_id_bloom event_id TYPE bloom_filter(0.001) GRANULARITY 1, INDEX session_bloom session TYPE bloom_filter(0.01) GRANULARITY 1)
ENGINE = ReplacingMergeTree(receipt_rank)
PARTITION BY toYYYYMM(time)
ORDER BY (tenant, identity, time, event_id, content_id)
TTL toDateTime(receipt_time) + toIntervalDay(400)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 8192;

CREATE TABLE default.excerpts (`tenant` LowCardinality(String),
  `event_id` FixedString(32),
  `place` UInt8,
  `kind` LowCardinality(String),
  `identity` String,
  `text` String CODEC(ZSTD(3)),
  `receipt_time` DateTime64(3, 'UTC'),
  `kept_until` DateTime('UTC'))
ENGINE = ReplacingMergeTree(kept_until)
ORDER BY (tenant, event_id, place)
TTL kept_until
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, merge_with_ttl_timeout = 3600, index_granularity = 8192;

CREATE TABLE default.findings (`tenant` LowCardinality(String),
  `id` FixedString(32) CODEC(ZSTD(1)),
  `revision` UInt8,
  `time` DateTime64(3, 'UTC'),
  `detector` LowCardinality(String),
  `version` UInt32,
  `mode` LowCardinality(String),
  `severity` LowCardinality(String),
  `agent` String,
  `session` String,
  `history` UInt8,
  `found_at` DateTime64(3, 'UTC'),
  `place` UInt64,
  `body` String CODEC(ZSTD(3)))
ENGINE = ReplacingMergeTree(revision)
ORDER BY (tenant, id)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 8192;

CREATE TABLE default.migrations (`number` UInt32,
  `name` String,
  `checksum` FixedString(64),
  `applied_at` DateTime DEFAULT now())
ENGINE = ReplacingMergeTree
ORDER BY (number, name, checksum)
SETTINGS index_granularity = 8192;
