/**
 * What AWS packs into texts: base64, with gzip within where CloudWatch Logs wrote it. A small text can become a large one,
 * so that all texts of one request share one budget of bytes.
 */
import { gunzipSync } from 'node:zlib'
import { LIMITS } from '../../../../schemas/limits.ts'

export interface Packed {
  /** The bytes of a text, or why there are none. */
  open(text: string): Buffer | string
}

export function createPacked(bytesMax: number = LIMITS.body_inflated_bytes_max): Packed {
  let left = bytesMax
  return {
    open(text) {
      const bytes = Buffer.from(text, 'base64')
      const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b
      if (bytes.length > left || left <= 0) return `its data become more than ${bytesMax} bytes`
      try {
        const opened = isPacked ? gunzipSync(bytes, { maxOutputLength: left }) : bytes
        left -= opened.length
        return opened
      } catch (error) {
        const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
        return isTooLarge ? `its data become more than ${bytesMax} bytes` : 'its data is no gzip'
      }
    },
  }
}
