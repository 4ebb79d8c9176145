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
  /** How long a person may stay at the provider. */
  sign_in_ms_max: 600_000,
  /** How long the provider may take to answer one request. */
  sign_in_timeout_s: 10,
  /** Requests of people who sign in that the provider is asked about at once. */
  sign_ins_underway_max: 16,
  /** States that came back and are refused the next time; they end by themselves after sign_in_ms_max. */
  sign_ins_remembered_max: 10_000,
  /** Of the page that a person wanted to see. */
  sign_in_page_chars_max: 2_048,
  /** Of the ID token that a session keeps to end the provider's own. */
  sign_out_hint_chars_max: 4_096,
} as const
