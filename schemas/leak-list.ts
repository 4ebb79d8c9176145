/**
 * The leak list of a tenant: credentials that are known to be leaked, in the form in which events name a credential. It is a
 * section of the knowledge with separate content, because it can be large.
 *
 * Content: entries of 16 bytes each, sorted as unsigned numbers, without duplicates. An entry is the first 128 bits of
 * HMAC(k, SHA-256(secret)); k is the tenant's key for credentials. People's lists hold SHA-256(secret). Neither that nor k
 * ever enters the log, so a reader of the log cannot test a secret against it. Its layout in `state`: schemas/state.ts.
 */
import { hash } from 'node:crypto'
import { H } from './ids.ts'

/** Name of the section in `config` control records. */
export const LEAK_LIST = 'leaked-credentials'
/** Bytes of one entry. */
export const LEAK_ENTRY_BYTES = 16

/** Names the content in control records, snapshots and `state`. */
export const leakListHash = (bytes: Uint8Array): string => H(LEAK_LIST, hash('sha256', bytes, 'hex'))
