/** Reads files of requests, one a line. */
import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'

const GZIP_MAGIC = 0x1f

/** The lines of a file, plain or gzip, that hold something. */
export async function readLines(file: string): Promise<string[]> {
  const bytes = await readFile(file)
  const text = (bytes[0] === GZIP_MAGIC ? gunzipSync(bytes) : bytes).toString('utf8')
  return text.split('\n').filter((line) => line !== '')
}
