/** What the API takes at most. */
export const API_LIMITS = {
  /** Requests of one token to one process: so many at once, and so many a second in the long run. */
  token_requests_burst: 1_000,
  token_requests_per_s: 100,
  /** Tokens whose pace is remembered; who has been quiet the longest is forgotten first. */
  token_paces_max: 10_000,
  /** How long whoever makes a token waits to hear that it is in force, and how often it is looked. */
  token_wait_ms: 3_000,
  token_wait_every_ms: 25,
} as const
