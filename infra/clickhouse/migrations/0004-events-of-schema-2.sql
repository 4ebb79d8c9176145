-- The events in the columns of event schema 2: content_id, nanoseconds, the place within the request, the sender, and
-- whether the conversation was derived. The column raw goes: nothing ever wrote it.
--
-- Why a new table: the key of a row ends with event_id and content_id, so that a copy with other content is a row of its
-- own; and of equal keys the row received first stays (the one with the largest receipt_rank), so that nobody rewrites an event by sending its id again. Neither
-- can be changed in place. The content of old rows is computed here as schemas/content.ts does, where lengths count UTF-16
-- units. The copy can be interrupted and repeated: rows of one key merge. What a process of the version before writes
-- meanwhile comes from the log of a week, and is copied after the exchange. Copying takes as much disk again as the events, until the old table is dropped.

CREATE TABLE IF NOT EXISTS events_2 (
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
ENGINE = ReplacingMergeTree(receipt_rank)
PARTITION BY toYYYYMM(time)
ORDER BY (tenant, identity, time, event_id, content_id)
TTL toDateTime(receipt_time) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;

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

-- unless the column events.content_id exists
RENAME TABLE events TO events_1, events_2 TO events;

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

DROP TABLE IF EXISTS events_1;

DROP TABLE IF EXISTS events_2;
