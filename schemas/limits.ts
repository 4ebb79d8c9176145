/** Every limit of the system, in one place. Units come last in names. */
export const LIMITS = {
  // Text in records
  text_chars_max: 2_048,
  name_chars_max: 256,
  list_items_max: 32,
  /** Hosts and domains that one action contacts. */
  peer_domains_max: 128,

  // The trust registry
  registry_agents_max: 10_000,
  /** Names in one list of an agent. */
  registry_names_max: 1_000,
  indicators_chars_max: 65_536,
  /** A text longer than this is cut before indicators are taken from it; the cut is counted. */
  indicator_text_chars_max: 65_536,
  /** What one tenant's indicator extractor remembers of texts it has read, keys included. */
  indicator_memory_bytes_max: 8 * 1024 * 1024,
  /** Threads in which a collector prepares requests. */
  prepare_threads_max: 4,
  /**
   * One thread more is for tenants that took less than this share of a core of late, and at most so many times what tenants took on
   * average, with bodies up to so many bytes, and packed ones that may unfold to so many: they never wait for the end of
   * somebody's expensive step.
   */
  prepare_light_share: 0.1,
  prepare_light_times_average: 1.5,
  prepare_light_body_bytes_max: 256 * 1024,
  inflate_light_bytes_max: 4 * 1024 * 1024,
  /** What any packed body may unfold to before it is inflated again within a larger bound. */
  inflate_bytes_min: 64 * 1024,
  /** Time constant of "of late"; tenants beyond which those that took next to nothing are forgotten. */
  usage_ms: 10_000,
  usage_tenants_max: 1_000,
  /**
   * A tenant that sends more than so many times the average of tenants goes on when the event loop has been busy for at most
   * this share of the time since the last such request; looked at every so often, and at the latest after so long.
   */
  pace_times_average: 1.5,
  pace_busy_max: 0.5,
  pace_every_ms: 5,
  pace_wait_ms_max: 1_000,
  /** While a request of a tenant that sends less than so many times the average is under way, work on the log gives way. */
  pace_modest_times_average: 0.5,
  /** Partitions that one request writes to at the same time: each costs the event loop a frame and an append. */
  partitions_per_append_max: 8,
  /** Until another one takes the place of a thread that has ended. */
  prepare_restart_ms: 1_000,
  /** Requests that a thread works on; one tenant has at most all but one of them. */
  prepare_jobs_per_thread_max: 4,
  /**
   * How often threads are looked at, and after how many looks without a step one is given up if it took half of that time of a
   * core, and after how many in any case: where others take the cores, a step of an honest request can take long.
   */
  prepare_look_every_ms: 500,
  prepare_looks_max: 20,
  prepare_starved_looks_max: 120,
  /** Threads that may die while working on a request, if the cause is unknown, before the request is refused. */
  prepare_deaths_max: 3,
  prepare_heap_mb_max: 2_048,

  /** Addresses and ranges of proxies that one token names. */
  proxies_per_token_max: 64,

  // Requests
  body_bytes_max: 16 * 1024 * 1024,
  body_inflated_bytes_max: 64 * 1024 * 1024,
  json_depth_max: 64,
  records_per_request_max: 100_000,
  /** Objects, lists, keys and values in one body: what bounds the memory that parsing takes. */
  json_nodes_max: 8_000_000,
  /** Different keys in one body: each costs a hundred times what its text weighs. */
  json_keys_max: 65_536,
  /** The same for JSON inside a string. */
  json_text_nodes_max: 100_000,
  json_text_keys_max: 4_096,
  /** What one request may expand to; beyond this the sender must send smaller parts. */
  events_per_request_max: 100_000,
  prepared_chars_max: 128 * 1024 * 1024,
  /** Acts that one record may describe: calls of one answer of a model, messages of one turn. */
  acts_per_record_max: 256,
  /** Characters that are hashed for the ids of one record that brings none and describes several acts. */
  record_hash_chars_max: 16 * 1024 * 1024,
  /** Attributes of one OTLP resource, scope or record; what resource and scope say holds for each of their records, so that it is short. */
  attributes_max: 1_024,
  shared_attribute_chars_max: 2_048,
  /** Characters of one record that are read for indicators; beyond it they are cut, and the cut is counted. */
  indicator_record_chars_max: 128 * 1024,
  /** Bodies being read, parsed or appended at once, after decompression; beyond it senders are asked to wait. */
  request_bytes_in_flight_max: 128 * 1024 * 1024,
  /** What one tenant may hold of them. */
  request_bytes_tenant_share: 0.5,
  /** How long a body waits for room before its sender is told to retry, and how often it checks. */
  body_room_ms_max: 2_000,
  body_room_every_ms: 50,
  /** A body may take so long in all; it brings at least so many bytes a second, looked at every so often. */
  body_ms_max: 120_000,
  body_bytes_per_s_min: 1_024,
  body_pace_every_ms: 10_000,
  /** How often connections are looked at that have not sent a whole request in time. */
  connections_check_every_ms: 5_000,
  /** How long work on the log may keep the event loop from doors and answers at a time. */
  turn_ms: 2,
  /** How long that work gives way to a request at most, and how many times that long it then does not do so again. */
  give_way_ms_max: 100,
  give_way_times_owed: 2,
  /** How much lower than that of the process the priority of its heavy threads is, in steps of `nice`. */
  background_nice: 15,
  /** Records normalised before other work of the process gets its turn. */
  records_per_turn_max: 4,
  rejections_named_max: 20,
  frames_per_append_max: 8,
  dead_letters_per_append_max: 500,
  dead_letter_record_chars_max: 8_192,
  retry_after_s: 1,
  /** Of the topic `raw`: records normalised together, pause before an append is tried again, how often to commit. */
  raw_batch_records_max: 200,
  raw_retry_ms: 500,
  raw_commit_every_ms: 2_000,
  /** How often a process looks whether it is ready. */
  health_every_ms: 1_000,

  // Frames and the log
  frame_events_max: 400,
  frame_bytes_max: 900_000,
  partitions_default: 64,
  /** Key and value of one record; below Kafka's default of 1 MiB for a batch. */
  log_record_bytes_max: 1_000_000,
  /** Bytes of one topic that may wait for the disk. */
  log_pending_bytes_max: 32 * 1024 * 1024,
  log_tombstone_grace_ms: 24 * 3_600_000,
  log_maintenance_every_ms: 60_000,
  /** Below it a small disk leaves the log no room to work in. */
  log_bytes_max_min: 64 * 1024 * 1024,
  /** Free space that an older log file keeps; from this size on it is reported. */
  log_free_bytes_told: 1024 * 1024 * 1024,
  tick_after_frame_ms: 250,
  tick_every_ms: 5_000,
  /** On `signals` while a candidate waits for its decision. */
  tick_urgent_every_ms: 500,
  /** A tick on `signals` stays this far behind the clock, for frames that are stamped and not yet durable. */
  tick_margin_ms: 500,
  /** It stays further behind where appends take long, at most so far, and for so long after the last that did. */
  tick_margin_ms_max: 60_000,
  tick_margin_memory_ms: 60_000,
  /** Findings and signals of a partition that may wait for the disk while its records are applied. */
  outputs_waiting_max: 2_000,
  /** How often a detector commits how far it is; the second while other processes wait for that with their candidates. */
  detector_commit_every_ms: 2_000,
  detector_commit_shared_every_ms: 250,
  /** Delays before a worker that stopped unexpectedly restarts: the first, doubled up to the second. */
  detector_restart_ms_min: 250,
  detector_restart_ms_max: 15_000,
  /** How often the thread of detection is looked at, and after how many looks without a sign it is given up. */
  detector_look_every_ms: 5_000,
  detector_looks_max: 24,

  // Kafka
  kafka_connect_ms_max: 1_000,
  /** From the first packet to the end of TLS, version negotiation and SASL. */
  kafka_handshake_ms_max: 2_500,
  /** An answer that takes longer is taken for lost, and its connection for dead. */
  kafka_request_ms_max: 5_000,
  /** How long brokers may take to store a batch on all replicas that are in sync. */
  kafka_replicate_ms_max: 4_000,
  /** Attempts to append or read end after this long without success; the caller is told to retry. */
  kafka_patience_ms_max: 10_000,
  /** Waits between two tries: the first, doubled up to the second. */
  kafka_retry_ms_min: 50,
  kafka_retry_ms_max: 500,
  kafka_metadata_ms_max: 5_000,
  /** Key, value and framing of all records of one batch; brokers refuse batches above 1,048,588 bytes by default. */
  kafka_batch_bytes_max: 1_040_000,
  /** Batches of different partitions that go to one broker in one request. */
  kafka_produce_bytes_max: 4 * 1024 * 1024,
  /** A segment of a compacted topic: its newest one may hold as much that is outdated. */
  kafka_compacted_segment_bytes: 16 * 1024 * 1024,
  kafka_partition_fetch_bytes_max: 1024 * 1024,
  kafka_fetch_bytes_max: 8 * 1024 * 1024,
  /** One batch after decompression. */
  kafka_inflated_bytes_max: 64 * 1024 * 1024,
  /** Read ahead by one consumer; beyond it only partitions that have nothing left are fetched. */
  kafka_ahead_bytes_max: 32 * 1024 * 1024,
  /** How long a broker waits for something new before it answers a fetch; the second while some partitions are in work. */
  kafka_fetch_wait_ms: 250,
  kafka_fetch_wait_ms_busy: 25,
  /** A member that the group has not heard of for this long has lost its partitions. */
  kafka_session_ms: 10_000,
  kafka_heartbeat_ms: 1_000,
  kafka_rebalance_ms_max: 30_000,

  // Time
  event_ahead_ms_max: 10 * 60_000,
  event_time_ms_min: Date.UTC(2015, 0, 1),
  /** A live event further behind the newest of its key from the same sender is judged and not learned; age in live events is bounded by it. */
  event_behind_ms_max: 3_600_000,
  /** Identities of one tenant in a partition whose senders are tracked separately, if they have several. */
  sender_clocks_per_tenant_max: 4_096,
  /** How long after its last touch in log time a closed window still takes late events. */
  window_lateness_ms: 10 * 60_000,
  session_idle_ms: 24 * 3_600_000,
  candidate_delay_ms: 2_000,

  // Detector state
  dedup_ids_per_partition: 65_536,
  /** Calls of tools that a partition keeps to know a second telling of them: how many, how long, and of one id. */
  told_calls_per_partition_max: 2_048,
  told_call_chars_per_partition_max: 512 * 1024,
  told_calls_per_id_max: 4,
  /** Two reports of one call are at most this far apart. */
  told_call_ms_max: 10 * 60_000,
  identity_rest_bytes_max: 1_024,
  identity_active_bytes_max: 4_096,
  session_bytes_max: 16_384,
  identities_per_partition_max: 1_500_000,
  identities_per_tenant_share: 0.5,
  open_sessions_per_partition_max: 1_024,
  open_windows_per_partition_max: 4_096,
  /** Rows of one kind of key in stage two, per partition. */
  cross_keys_per_partition_max: 100_000,
  candidates_per_partition_max: 10_000,
  /** Identities whose doubted events wait for a person's verdict, per partition; beyond, the oldest are given up. */
  doubted_identities_per_partition_max: 4_096,
  /** Things that were new about such events, per identity. */
  doubts_per_identity_max: 24,

  // Findings
  evidence_events_max: 32,
  why_chars_max: 512,

  // Snapshots
  snapshot_chunk_bytes_max: 900_000,
  snapshot_every_ms: 60_000,
  snapshot_every_events: 100_000,
  snapshots_kept: 2,
  /** Snapshots written at the same time when the service stops. */
  snapshots_at_stop_max: 8,

  // Answers
  /** One encoded part of a path: a name of 256 characters outside ASCII takes up to 2,304. */
  path_part_chars_max: 4_096,
  list_items_default: 100,
  search_chars_max: 2_048,
  /** Words and signs of one search, and how deep its parentheses nest. */
  search_terms_max: 100,
  search_depth_max: 16,
  /** Values that a facet names, and fields that one request may ask facets of. */
  facet_values_max: 50,
  facet_fields_max: 12,
  histogram_buckets_max: 120,
  export_rows_max: 100_000,
  /** Rows of an export that are asked for at once. */
  export_page_rows: 1_000,
  /** Readers of live tails, for each tenant in each process. */
  tails_per_tenant_max: 20,
  /** What a tail of events looks back for: an event reaches the warehouse this much later than it was received. */
  tail_overlap_ms: 30_000,
  /** Of one kind. */
  graph_edges_max: 500,
  list_limit_max: 1_000,
  query_seconds_max: 20,
  query_memory_bytes_max: 2_000_000_000,

  // Excerpts
  excerpt_chars_max: 240,
  /** A whole body, where those are kept. */
  excerpt_body_chars_max: 8_192,
  /** The task among them. */
  excerpts_per_event_max: 8,
  /** What of one text of an answer is looked through for sentences that read like orders. */
  excerpt_read_chars_max: 64 * 1024,
  excerpt_kept_ms: 72 * 3_600_000,
  /** Where a finding names the event. */
  excerpt_kept_with_finding_ms: 30 * 86_400_000,
  /** Events that findings have named lately: excerpts of them may come later. */
  excerpt_named_events_max: 65_536,

  // Clock
  /** Steps of the system clock from this size on are reported; smaller ones are followed. */
  clock_set_ms_min: 2_000,
  /** How long a system clock that was set forward is watched before it is followed. */
  clock_follow_ms: 5_000,

  // Warehouse and archiver
  /** Of the engine inside the process, in all. */
  warehouse_memory_bytes_max: 4_000_000_000,
  warehouse_cache_bytes_max: 256 * 1024 * 1024,
  warehouse_request_ms_max: 60_000,
  /** How often a server reports that a long command is still in progress. */
  warehouse_progress_ms: 45_000,
  /** Questions that run at once, and that may wait for them: beyond it the answer is 503. */
  warehouse_questions_max: 2,
  warehouse_questions_waiting_max: 64,
  /** Waits between two attempts to reach a warehouse that is away: the first, doubled up to the second. */
  warehouse_retry_ms_min: 250,
  warehouse_retry_ms_max: 10_000,
  archive_every_ms: 1_000,
  archive_rows_min: 10_000,
  archive_insert_bytes_max: 8 * 1024 * 1024,
  /** Records read but not yet stored, as encoded in the log; beyond this, reading pauses until some are stored. */
  archive_waiting_bytes_max: 16 * 1024 * 1024,
  archive_batch_bytes_max: 1024 * 1024,
  archive_commit_every_ms: 2_000,
  /** How often the archiver checks that the warehouse still holds what was stored. */
  archive_look_every_ms: 10_000,
  /** How often those who answer people ask whether the warehouse is whole, and how old what they know may be. */
  whole_look_every_ms: 5_000,
  whole_look_age_ms_max: 15_000,
  /** How long a stop waits for work in progress; the whole service stops within 10 s. */
  warehouse_drain_ms_max: 4_000,
  archive_drain_ms_max: 3_000,

  // Delivery
  delivery_timeout_ms: 20_000,
  delivery_body_bytes_max: 20_000,
  /** A finding as it is stored for the sinks; each type of sink cuts further where its receiver takes less. */
  notice_finding_bytes_max: 200_000,
  /** Orders cannot wait: delay before each attempt, counted from the one before. */
  order_delays_ms: [
    0, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 7_200_000, 18_000_000,
    43_200_000, 86_400_000,
  ],
  /** Standard Webhooks schedule: delay before each attempt, counted from the one before. */
  delivery_delays_ms: [
    0, 5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 50_400_000, 72_000_000, 86_400_000,
  ],
  /** Attempts come up to this share of their delay later, so that a sink that was away is not met by all at once. */
  delivery_jitter_share: 0.1,
  /** Attempts under way at one sink: a slow one holds up only itself. */
  delivery_concurrency_per_sink: 4,
  /** Pending deliveries of one sink; beyond this, new ones go to the dead letters, from where they can be replayed. */
  deliveries_pending_per_sink_max: 10_000,
  /** Of those, the share of one tenant at a sink that serves every tenant. */
  deliveries_pending_tenant_share: 0.25,
  /** In addition, deliveries other than findings: pages, orders, notices. */
  deliveries_urgent_per_sink_max: 2_000,
  /** Closed deliveries are kept this long and this many: repeats of their findings are older than the log by then. */
  delivery_closed_ms: 8 * 86_400_000,
  deliveries_closed_max: 20_000,
  /** A sink is failing once a delivery has failed this often and for this long. */
  sink_failing_attempts: 3,
  sink_failing_ms: 300_000,
  /** Patterns of one kind in the filter of a sink. */
  sink_patterns_max: 100,
  /** Findings in one digest; if more are pending, it goes out early. */
  digest_findings_max: 500,
  /** Of the findings that a digest lists, in JSON: the body of a webhook holds them. */
  digest_entries_bytes_max: 12_000,
  digest_text_chars_max: 200,
  /** Detectors and agents that a digest counts one by one. */
  digest_top_max: 10,
  retry_after_ms_max: 86_400_000,
  /** A sink's answer is read to this point and thrown away. */
  delivery_answer_bytes_max: 64 * 1024,
  payload_cache_bytes: 32 * 1024 * 1024,

  // Response
  /** Findings of one identity join an incident if they are at most this far, in event time, from its last one. */
  incident_window_ms: 3_600_000,
  incident_findings_max: 100,
  incident_timeline_max: 200,
  /** What may tie an incident to those of other identities. */
  incident_ties_max: 32,
  /** Agents that may share a tie within the window; one that more share links nobody. */
  chain_agents_max: 8,
  /** Incidents that one chain shows, and how far from the first it looks. */
  chain_incidents_max: 20,
  chain_hops_max: 3,
  incident_kept_ms: 30 * 86_400_000,
  incidents_kept_max: 20_000,
  /** Ids of findings in the incidents that are kept: what a repeat is recognised by. */
  incident_finding_ids_max: 200_000,
  quarantine_expires_ms: 24 * 3_600_000,
  quarantine_expires_ms_max: 365 * 86_400_000,
  quarantine_kept_ms: 90 * 86_400_000,
  quarantines_kept_max: 20_000,
  command_items_max: 1_000,
  /** Commands of a tenant that one API process has put into the log and that are not applied yet. */
  commands_waiting_max: 100,
  commands_waiting_ms_max: 600_000,
  /** What came of commands, per tenant. */
  command_outcomes_max: 1_000,
  command_outcomes_kept_ms: 8 * 86_400_000,
  /** In force at once; a person who needs more asks for wider ones. */
  suppressions_per_tenant_max: 200,
  suppression_ms_max: 366 * 86_400_000,
  /** Held back at once, or waiting for a person: beyond it people release some before they order more. */
  quarantines_open_per_tenant_max: 10_000,
  /** Notices of proposals to one tenant; the rest waits silently in the list. */
  proposal_notices_per_hour: 20,
} as const
