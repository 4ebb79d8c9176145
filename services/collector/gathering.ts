/**
 * Puts the chunks of a body together as they come. A large body that is put together at its end, and copied for the thread
 * that prepares it, stands in the way of every other request for as long as both copies take: more than a tenth of a second
 * for 32 MiB. Here each chunk is copied when it comes, into memory that the threads share, so that it goes to them uncopied.
 */
import { LIMITS } from '../../schemas/limits.ts'

export interface Gathering {
  /** Takes the next chunk; false if the system gives no memory for it. All have at most `bytesMax` bytes. */
  add(chunk: Buffer): boolean
  /** All chunks in order; of shared memory if there are several. */
  whole(): Buffer
}

/** Memory is asked for in pieces of this size. */
const STEP_BYTES = 1024 * 1024

/** `bytesMax`: of all chunks together. */
export function createGathering(bytesMax: number = LIMITS.body_inflated_bytes_max): Gathering {
  /** Most bodies are one chunk, which stays as it is. */
  let only: Buffer | undefined
  let shared: SharedArrayBuffer | undefined
  let length = 0

  function put(memory: SharedArrayBuffer, chunk: Buffer): void {
    const end = length + chunk.length
    const wanted = Math.ceil(end / STEP_BYTES) * STEP_BYTES
    if (end > memory.byteLength) memory.grow(Math.min(wanted, memory.maxByteLength))
    new Uint8Array(memory, length, chunk.length).set(chunk)
    length = end
  }
  function gather(chunk: Buffer): void {
    if (shared === undefined && only === undefined) {
      only = chunk
      return
    }
    if (shared === undefined) {
      // Only address space is reserved for what it may grow to.
      shared = new SharedArrayBuffer(0, { maxByteLength: bytesMax })
      if (only !== undefined) put(shared, only)
      only = undefined
    }
    put(shared, chunk)
  }
  return {
    add(chunk) {
      try {
        gather(chunk)
        return true
      } catch (error) {
        if (error instanceof RangeError) return false
        throw error
      }
    },
    whole: () => (shared === undefined ? (only ?? Buffer.alloc(0)) : Buffer.from(shared, 0, length)),
  }
}
