/** What the API takes at most. */
export const API_LIMITS = {
  /** Rows up to which things are counted by their ids; above it rows are counted, and a repeat that is not merged yet counts again. */
  rows_counted_by_id_max: 100_000,
  /** Values of one kind that are compared with the trust registry, and of those under no entry, how many are told. */
  permission_values_max: 10_000,
  permissions_undeclared_max: 50,
  /** What was first used later than this before now, or before an incident began, is not proposed for the trust registry. */
  proposal_known_ms_min: 86_400_000,
  /** What the user asked for last in the session of a finding, up to its newest evidence and so far back. */
  finding_tasks_max: 3,
  finding_tasks_ms_max: 86_400_000,
  /** Requests of one token to one process: so many at once, and so many a second in the long run. */
  token_requests_burst: 1_000,
  token_requests_per_s: 100,
  /** Tokens whose rate is remembered; who has been quiet the longest is forgotten first. */
  token_rates_max: 10_000,
  /** How long the creator of a token waits until it is in force, and how often that is checked. */
  token_wait_ms: 3_000,
  token_wait_every_ms: 25,
  /** How long a person may stay at the provider. */
  sign_in_ms_max: 600_000,
  /** How long the provider may take to answer one request. */
  sign_in_timeout_s: 10,
  /** Sign-in requests that query the provider at once. */
  sign_ins_underway_max: 16,
  /** States that came back and are refused the next time; they end by themselves after sign_in_ms_max. */
  sign_ins_remembered_max: 10_000,
  /** Of the page that a person wanted to see. */
  sign_in_page_chars_max: 2_048,
  /** Of the ID token that a session keeps to end the provider's own. */
  sign_out_hint_chars_max: 4_096,
} as const
