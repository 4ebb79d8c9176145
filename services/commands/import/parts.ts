/** The requests of files in parts that are read one by one. */
import type { FormatChoice } from '../../collector/formats/format.ts'
import type { Formats } from '../../collector/formats/formats.ts'
import { UsageError } from '../../lib/errors.ts'
import type { Unit } from './reading/index.ts'
import { readRequests, type Request, type Unreadable } from './requests.ts'

/** Requests are read together until they have as many bytes, or are as many. */
const UNIT_BYTES = 1024 * 1024
const UNIT_REQUESTS = 1_000

/** What became of a file so far. */
export interface FileRead {
  readonly file: string
  events: number
  /** The first reason why something of it became no event. */
  reason: string | undefined
}

/** Requests of a file that follow each other. `damage`: why the file cannot be read beyond them. */
export interface Part extends Unit {
  readonly of: FileRead
  readonly damage?: string
}

/** How to read files. */
export interface Reading {
  readonly format: FormatChoice
  readonly formats: Formats
  /** Gets the size of every part read, in bytes as stored on disk. */
  onBytes(bytes: number): void
}

async function* partsOf(of: FileRead, { format, formats, onBytes }: Reading): AsyncGenerator<Part> {
  const { file } = of
  let requests: (Request | Unreadable)[] = []
  let bytes = 0
  try {
    for await (const request of readRequests(file, format, onBytes, formats)) {
      requests.push(request)
      bytes += 'problem' in request ? 0 : request.body.length
      if (bytes < UNIT_BYTES && requests.length < UNIT_REQUESTS) continue
      yield { of, file, requests }
      requests = []
      bytes = 0
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    yield { of, file, requests, damage: error.message }
    return
  }
  yield { of, file, requests }
}

/** All requests of these files, in order. */
export async function* partsOfAll(files: readonly FileRead[], reading: Reading): AsyncGenerator<Part> {
  for (const file of files) yield* partsOf(file, reading)
}
