/** Limits of the lists next to the configuration. Units come last. */
export const LIST_LIMITS = {
  /** Files of one tenant, and of the base. */
  files_max: 64,
  /** Entries of one tenant with those of the base: 64 MB of content. */
  entries_max: 4_194_304,
  line_chars_max: 1_024,
  /** Problems that are reported for one directory. */
  problems_max: 20,
  /** How often the directories are looked at; a change is read once it has stood still from one look to the next. */
  look_every_ms: 2_000,
} as const
