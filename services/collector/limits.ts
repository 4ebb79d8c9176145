/** Limits of the collector that change no result. Names end with the unit. */
export const COLLECTOR_LIMITS = {
  /** Appends of events that are under way in one partition at a time, of different tenants. */
  appends_per_partition_max: 4,
  /** Dead letters that one request sends again, and how many of the newest it looks through for them. */
  resend_letters_max: 1_000,
  resend_letters_searched_max: 100_000,
  /** Calls without content after which it is said that an agent sends none; agents of which they are counted. */
  empty_calls_min: 5,
  unclear_agents_max: 10_000,
  /** Pairs of one line of a log, labels of a stream; the rest of the line is left out. */
  line_pairs_max: 256,
  /** How far in a line CEF may begin. */
  cef_prefix_chars_max: 256,
  /** Of inputs that the collector opens itself: one body, what waits of one sender, how long lines are gathered. */
  open_body_bytes_max: 1024 * 1024,
  open_body_lines_max: 2_000,
  /** Over TCP a sender waits, and what has been read is lost where the process is killed; over UDP a burst is lost instead. */
  open_stream_queue_bytes_max: 1024 * 1024,
  open_datagram_queue_bytes_max: 4 * 1024 * 1024,
  open_gather_ms: 20,
  /** A message of syslog. */
  open_line_bytes_max: 64 * 1024,
  open_udp_buffer_bytes: 4 * 1024 * 1024,
  open_handshake_ms_max: 10_000,
  open_idle_ms_max: 3_600_000,
  /** Share of the connections of one input that one address may hold. */
  open_connections_address_share: 0.5,
  /** Until what could not be appended is tried again; how often what a bug met is tried; how long a stop waits for the log. */
  open_retry_ms: 500,
  open_attempts_max: 3,
  open_stop_ms_max: 3_000,
  /** Files that one input follows, how often it looks, bodies of one file at a time. */
  tail_files_max: 256,
  tail_every_ms: 250,
  tail_bodies_per_turn: 4,
  /** Rounds for which a file is read on that the patterns fit no more. */
  tail_gone_rounds: 20,
  /** Bytes of a first line that are compared, and names of a folder in which a renamed file is looked for. */
  tail_first_bytes: 1_024,
  tail_folder_names_max: 10_000,
} as const
