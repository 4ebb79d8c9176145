/**
 * The leak list of a tenant: the credentials that are known to be in strangers' hands, in the form in which events name
 * a credential. It is a section of the knowledge with a content of its own, because it may be large.
 *
 * Content: entries of 16 bytes each, sorted as unsigned numbers, none twice. An entry is the first 128 bits of
 * HMAC(k, SHA-256(secret)), k being the tenant's key for credentials. What a person's list holds, SHA-256(secret), never
 * enters the log, and k does not either: whoever reads the log can test no secret against it. How it lies in
 * `state`: schemas/state.ts.
 */
import { hash } from 'node:crypto'
import { H } from './ids.ts'

/** Name of the section in `config` control records. */
export const LEAK_LIST = 'leaked-credentials'
/** Bytes of one entry. */
export const LEAK_ENTRY_BYTES = 16

/** Names the content in control records, snapshots and `state`. */
export const leakListHash = (bytes: Uint8Array): string => H(LEAK_LIST, hash('sha256', bytes, 'hex'))
