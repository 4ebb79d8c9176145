/** What the responder keeps at most. */
export const RESPONDER_LIMITS = {
  /**
   * Identities younger than this, by their first event, have separate caps, as have those of unknown age: invented
   * identities must not use up the containment of established ones.
   */
  newborn_ms: 7 * 86_400_000,
  /** Identities per tenant whose findings of one detector are reported singly within the window; the rest together. */
  crowd_identities_max: 100,
  crowd_window_ms: 10 * 60_000,
  /** How long they wait for a digest if the sink has no rate of its own. */
  crowd_digest_ms: 5 * 60_000,
  /** Made by people and in force at once, for each tenant. */
  tokens_per_tenant_max: 200,
  /** How long a token is listed after it has ended. */
  token_kept_ms: 90 * 86_400_000,
  /** The newest excerpts of a partition that are looked through for those of a finding. */
  excerpts_looked_through_max: 2_000,
  /** Of the excerpts sent with a finding. */
  excerpts_told_bytes_max: 6_000,
  /** Of the audit log; beyond it the oldest is dropped, and the chain says so. */
  audit_entries_per_tenant_max: 20_000,
  /** Contents of a section that were in force before, and are kept until no partition can begin with them. */
  section_past_max: 10_000,
  /** Of these, so many say where each partition got them; the record of a roll-out has to fit into one of the log. */
  section_past_placed_max: 100,
} as const
