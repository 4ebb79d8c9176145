/**
 * The audit log: what people, files and programs asked for, and what came of it. The entries of a tenant form a chain:
 * each holds the hash of the previous one, so that none can be changed, removed or moved without a trace. They are in
 * `state`, written only by the responder, together with what they describe.
 *
 * The chain holds hashes and no content. The content (subject, reason, outcome in words) is stored next to it under a
 * separate salted hash and can be forgotten without breaking the chain.
 */
import { hash } from 'node:crypto'
import Type, { type Static } from 'typebox'
import { canonicalJson } from './configuration.ts'
import { LIMITS } from './limits.ts'

/** Things that one entry names; where an act concerned more, the last one says how many. */
export const AUDIT_SUBJECTS_MAX = 32

const sha256 = (description: string) => Type.String({ pattern: '^[0-9a-f]{64}$', description })

export const AuditContent = Type.Object(
  {
    subject: Type.Array(Type.String({ maxLength: LIMITS.text_chars_max }), {
      maxItems: AUDIT_SUBJECTS_MAX + 1,
      description: 'What the act was about: identities, ids, names',
    }),
    reason: Type.String({ description: 'Why, in the words of whoever asked' }),
    detail: Type.String({ description: 'What came of it' }),
    salt: Type.String({ description: 'Random: from the hash alone nobody can try what the content was' }),
  },
  { additionalProperties: false },
)
export type AuditContent = Static<typeof AuditContent>

export const AuditEntry = Type.Object(
  {
    id: Type.String({ pattern: '^[0-9a-f]{32}$', description: 'Id of the command' }),
    tenant: Type.String(),
    sequence: Type.Integer({ minimum: 1, description: 'From 1 on, without a gap' }),
    kept_from: Type.Integer({ minimum: 1, description: 'The first sequence that was kept when this one was written' }),
    time: Type.String({ description: 'When it was carried out, ISO 8601 in UTC' }),
    asked_at: Type.String({ description: 'When it was asked' }),
    by: Type.String({ description: 'Name of the token, or of the file' }),
    act: Type.String({ description: 'Type of the command, or what else was done' }),
    status: Type.String({ description: 'applied, nothing, refused or failed' }),
    content: Type.Union([AuditContent, Type.Null()], { description: 'null where it has been forgotten' }),
    content_hash: sha256('SHA-256 of the content'),
    previous: sha256('hash of the entry before; zeros for the first'),
    hash: sha256('SHA-256 of everything above but the content'),
  },
  { $id: 'audit-entry', additionalProperties: false },
)
export type AuditEntry = Static<typeof AuditEntry>

/** What the first entry follows. */
export const AUDIT_ROOT = '0'.repeat(64)

const contentHashOf = (content: AuditContent): string => hash('sha256', canonicalJson(content))

function hashOf({ content: _content, hash: _hash, ...chained }: AuditEntry): string {
  return hash('sha256', canonicalJson(chained))
}

/** The entry with its hashes filled in. */
export function sealed(
  entry: Omit<AuditEntry, 'content_hash' | 'hash'> & { readonly content: AuditContent },
): AuditEntry {
  const open: AuditEntry = { ...entry, content_hash: contentHashOf(entry.content), hash: '' }
  return { ...open, hash: hashOf(open) }
}

/** The state of a chain: whole, or where it breaks first. */
export type ChainOutcome =
  | { readonly ok: true; readonly entries: number; readonly head: string }
  | { readonly ok: false; readonly sequence: number; readonly reason: string }

const broken = (sequence: number, reason: string): ChainOutcome => ({ ok: false, sequence, reason })

/** What is wrong with one entry by itself. */
function flawOf(entry: AuditEntry): string | undefined {
  if (hashOf(entry) !== entry.hash) return 'it was changed: its hash is another'
  if (entry.content !== null && contentHashOf(entry.content) !== entry.content_hash) return 'its content was changed'
  return undefined
}

/**
 * Checks entries of one tenant, in any order. `head` is a hash that was noted earlier: it must be in the chain, which shows
 * that nothing up to it was taken off the end. Names the first sequence that is wrong.
 */
export function checkChain(given: readonly AuditEntry[], head?: string): ChainOutcome {
  const entries = given.toSorted((a, b) => a.sequence - b.sequence)
  const newest = entries.at(-1)
  if (newest === undefined) {
    return head === undefined ? { ok: true, entries: 0, head: AUDIT_ROOT } : broken(1, 'there is no entry at all')
  }
  let expected = newest.kept_from
  let previous = expected === 1 ? AUDIT_ROOT : undefined
  for (const entry of entries) {
    const { sequence } = entry
    if (sequence > expected) return broken(expected, 'it is missing')
    if (sequence < expected) return broken(sequence, 'it stands there twice, or should be gone')
    const flaw = flawOf(entry)
    if (flaw !== undefined) return broken(sequence, flaw)
    if (previous !== undefined && entry.previous !== previous) {
      return broken(sequence, 'it does not follow the entry before it')
    }
    previous = entry.hash
    expected += 1
  }
  if (head !== undefined && !entries.some((entry) => entry.hash === head)) {
    return broken(
      expected,
      'the hash that was noted is not in the chain: entries were taken off its end, or it was made anew',
    )
  }
  return { ok: true, entries: entries.length, head: newest.hash }
}
