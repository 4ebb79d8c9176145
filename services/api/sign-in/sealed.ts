/**
 * What a browser keeps for us between leaving for the provider and coming back: sealed with a key of this process (AES-256
 * in GCM), so that nothing is kept here for those who never come back, and nobody else can read or write it.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const ALGORITHM = 'aes-256-gcm'
const KEY_BYTES = 32
const IV_BYTES = 12
const TAG_BYTES = 16

export interface Sealed<T> {
  seal(value: T): string
  /** Undefined for what this process has not sealed. */
  open(text: string): T | undefined
}

/** Creates a seal with a new key. */
export function createSealed<T>(): Sealed<T> {
  const key = randomBytes(KEY_BYTES)
  return {
    seal(value) {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES })
      const body = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()])
      return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url')
    },
    open(text) {
      const bytes = Buffer.from(text, 'base64url')
      if (bytes.length <= IV_BYTES + TAG_BYTES) return undefined
      const iv = bytes.subarray(0, IV_BYTES)
      const decipher = createDecipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES })
      decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES))
      try {
        const body = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()])
        return JSON.parse(body.toString('utf8')) as T
      } catch {
        return undefined
      }
    },
  }
}
