-- How far the log is stored in this warehouse, by partition, and since when it is whole.
--
-- Why here and not in the log alone: a warehouse that was dropped, replaced or restored from an older copy would be taken for
-- whole by whoever asks the log. A filling again is a new generation: what an archiver of an earlier one writes late counts
-- for nothing. The first row of a generation has no topic; `whole_since` is 0 where nothing is known to be missing.

CREATE TABLE IF NOT EXISTS archived (
  generation UInt32,
  topic LowCardinality(String),
  partition UInt32,
  next_offset UInt64,
  last_row UInt64,
  whole_since DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(next_offset)
ORDER BY (generation, topic, partition)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;
