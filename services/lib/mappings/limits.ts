/** Limits of mappings: they keep reading a record by a mapping cheap. Units come last. */
export const MAPPING_LIMITS = {
  file_bytes_max: 256 * 1024,
  mappings_max: 64,
  path_chars_max: 512,
  path_steps_max: 16,
  /** Paths that are tried for one value, parts of an id, lists that are opened. */
  paths_max: 8,
  template_chars_max: 1_024,
  template_paths_max: 16,
  /** Characters of a value that mappings work with; the rest is cut, since no column would hold it. */
  value_chars_max: 8_192,
  list_items_max: 64,
  tests_max: 64,
  words_max: 64,
  cases_max: 32,
  table_entries_max: 1_000,
  /** Paths of a sample that are named as not used. */
  unused_named_max: 1_000,
} as const
