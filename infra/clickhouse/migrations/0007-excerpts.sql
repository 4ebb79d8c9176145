-- Excerpts: the words behind an alarm (schemas/excerpt.ts holds what of a row comes from the log). Apart from the events, because
-- they are forgotten much earlier: `kept_until` is 72 hours after receipt, and 30 days where a finding names the event.

CREATE TABLE IF NOT EXISTS excerpts (
  tenant LowCardinality(String),
  event_id FixedString(32),
  place UInt8,
  kind LowCardinality(String),
  identity String,
  text String CODEC(ZSTD(3)),
  receipt_time DateTime64(3, 'UTC'),
  kept_until DateTime('UTC')
)
ENGINE = ReplacingMergeTree(kept_until)
ORDER BY (tenant, event_id, place)
TTL kept_until
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, merge_with_ttl_timeout = 3600;
