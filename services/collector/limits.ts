/** Limits of the collector that change no result. Units stand last. */
export const COLLECTOR_LIMITS = {
  /** Dead letters that one request sends again, and how many of the newest it looks through for them. */
  resend_letters_max: 1_000,
  resend_letters_searched_max: 100_000,
  /** Pairs of one line of a log, labels of a stream; the rest of the line is left out. */
  line_pairs_max: 256,
  /** How far in a line CEF may begin. */
  cef_prefix_chars_max: 256,
} as const
