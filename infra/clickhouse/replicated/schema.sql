-- Tables for a ClickHouse cluster of several replicas, generated from infra/clickhouse/migrations by scripts/replicated-schema.ts:
-- not edited by hand. Run it once in the database that moltwatch uses, before its first start; README.md says how.

-- which migrations were applied
CREATE TABLE IF NOT EXISTS migrations ON CLUSTER '{cluster}' (
  number UInt32,
  name String,
  checksum FixedString(64),
  applied_at DateTime DEFAULT now()
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}') ORDER BY (number, name, checksum);

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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}')
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', revision)
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}')
ORDER BY (tenant, id)
TTL toDateTime(time) + INTERVAL 90 DAY
SETTINGS replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;

-- 0004-events-of-schema-2.sql
CREATE TABLE IF NOT EXISTS events_2 ON CLUSTER '{cluster}' (
  event_id FixedString(32) CODEC(ZSTD(1)),
  content_id FixedString(32) CODEC(ZSTD(1)),
  tenant LowCardinality(String),
  time DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  time_ns UInt32,
  receipt_time DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  time_flag LowCardinality(String),
  sequence UInt32,
  sender LowCardinality(String),
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
  session_derived UInt8,
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
  receipt_rank UInt64 MATERIALIZED 18446744073709551615 - toUInt64(toUnixTimestamp64Milli(receipt_time)) CODEC(Delta(8), ZSTD(1)),
  INDEX event_id_bloom event_id TYPE bloom_filter(0.001) GRANULARITY 1,
  INDEX session_bloom session TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', receipt_rank)
PARTITION BY toYYYYMM(time)
ORDER BY (tenant, identity, time, event_id, content_id)
TTL toDateTime(receipt_time) + INTERVAL 400 DAY
SETTINGS replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;

-- 0004-events-of-schema-2.sql
-- unless the column events.content_id exists
INSERT INTO events_2 (
  content_id,
  event_id, tenant, time, receipt_time, time_flag, source, source_id, history, principal_kind, identity, instance,
  role, agent_version, owner, on_behalf_of, identity_assurance, credential, session, trace, task, action, kind,
  activity, target, target_kind, environment, outcome, error, source_address, source_network, user_agent,
  user_agent_family, peer, peer_domains, protocol, peer_hash, approval, approver, approval_factors, approval_expires,
  bytes_in, bytes_out, cost, tokens_in, tokens_out, model, content_origin, content_classes, extractor_version,
  value_hashes, value_kinds, indicators
)
SELECT
  lower(hex(substring(SHA256(concat('7:content', arrayStringConcat(arrayMap(
    part -> concat(toString(lengthUTF8(part) + countMatches(part, '[\\x{10000}-\\x{10FFFF}]')), ':', part),
    [identity,
    toString(action),
    toString(kind),
    target,
    toString(outcome),
    if(match(credential, '^(?:[0-9a-f]{32}|[0-9a-f]{64})$'), '', credential),
    source_address,
    peer,
    session]
  )))), 1, 16))),
  event_id, tenant, time, receipt_time, time_flag, source, source_id, history, principal_kind, identity, instance,
  role, agent_version, owner, on_behalf_of, identity_assurance, credential, session, trace, task, action, kind,
  activity, target, target_kind, environment, outcome, error, source_address, source_network, user_agent,
  user_agent_family, peer, peer_domains, protocol, peer_hash, approval, approver, approval_factors, approval_expires,
  bytes_in, bytes_out, cost, tokens_in, tokens_out, model, content_origin, content_classes, extractor_version,
  value_hashes, value_kinds, indicators
FROM events
SETTINGS max_partitions_per_insert_block = 0;

-- 0004-events-of-schema-2.sql
-- unless the column events.content_id exists
RENAME TABLE events TO events_1, events_2 TO events ON CLUSTER '{cluster}';

-- 0004-events-of-schema-2.sql
-- if the table events_1 exists
INSERT INTO events (
  content_id,
  event_id, tenant, time, receipt_time, time_flag, source, source_id, history, principal_kind, identity, instance,
  role, agent_version, owner, on_behalf_of, identity_assurance, credential, session, trace, task, action, kind,
  activity, target, target_kind, environment, outcome, error, source_address, source_network, user_agent,
  user_agent_family, peer, peer_domains, protocol, peer_hash, approval, approver, approval_factors, approval_expires,
  bytes_in, bytes_out, cost, tokens_in, tokens_out, model, content_origin, content_classes, extractor_version,
  value_hashes, value_kinds, indicators
)
SELECT
  lower(hex(substring(SHA256(concat('7:content', arrayStringConcat(arrayMap(
    part -> concat(toString(lengthUTF8(part) + countMatches(part, '[\\x{10000}-\\x{10FFFF}]')), ':', part),
    [identity,
    toString(action),
    toString(kind),
    target,
    toString(outcome),
    if(match(credential, '^(?:[0-9a-f]{32}|[0-9a-f]{64})$'), '', credential),
    source_address,
    peer,
    session]
  )))), 1, 16))),
  event_id, tenant, time, receipt_time, time_flag, source, source_id, history, principal_kind, identity, instance,
  role, agent_version, owner, on_behalf_of, identity_assurance, credential, session, trace, task, action, kind,
  activity, target, target_kind, environment, outcome, error, source_address, source_network, user_agent,
  user_agent_family, peer, peer_domains, protocol, peer_hash, approval, approver, approval_factors, approval_expires,
  bytes_in, bytes_out, cost, tokens_in, tokens_out, model, content_origin, content_classes, extractor_version,
  value_hashes, value_kinds, indicators
FROM events_1
WHERE receipt_time >= now() - INTERVAL 8 DAY
SETTINGS max_partitions_per_insert_block = 0;

-- 0004-events-of-schema-2.sql
DROP TABLE IF EXISTS events_1 ON CLUSTER '{cluster}';

-- 0004-events-of-schema-2.sql
DROP TABLE IF EXISTS events_2 ON CLUSTER '{cluster}';

-- 0005-when-findings-were-found.sql
ALTER TABLE findings ON CLUSTER '{cluster}' ADD COLUMN IF NOT EXISTS found_at DateTime64(3, 'UTC') AFTER history;

-- 0005-when-findings-were-found.sql
ALTER TABLE findings ON CLUSTER '{cluster}' ADD COLUMN IF NOT EXISTS place UInt64 AFTER found_at;

-- 0006-how-far-the-log-is-stored.sql
CREATE TABLE IF NOT EXISTS archived ON CLUSTER '{cluster}' (
  generation UInt32,
  topic LowCardinality(String),
  partition UInt32,
  next_offset UInt64,
  last_row UInt64,
  whole_since DateTime64(3, 'UTC')
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', next_offset)
ORDER BY (generation, topic, partition)
SETTINGS replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;

-- 0007-excerpts.sql
CREATE TABLE IF NOT EXISTS excerpts ON CLUSTER '{cluster}' (
  tenant LowCardinality(String),
  event_id FixedString(32),
  place UInt8,
  kind LowCardinality(String),
  identity String,
  text String CODEC(ZSTD(3)),
  receipt_time DateTime64(3, 'UTC'),
  kept_until DateTime('UTC')
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', kept_until)
ORDER BY (tenant, event_id, place)
TTL kept_until
SETTINGS replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, merge_with_ttl_timeout = 3600;

-- 0008-record-of-a-call.sql
ALTER TABLE events ON CLUSTER '{cluster}' ADD COLUMN IF NOT EXISTS call_record LowCardinality(String) AFTER source_id;

-- 0009-senders-of-dead-letters.sql
ALTER TABLE dead_letters ON CLUSTER '{cluster}' ADD COLUMN IF NOT EXISTS sender LowCardinality(String);
