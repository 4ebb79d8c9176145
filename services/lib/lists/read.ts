/**
 * Reads line files of leaked credentials: one SHA-256 of a secret a line in 64 hex digits, comments behind `#`, empty lines
 * between them. A file is read as a stream; the line itself is never repeated to anybody, because somebody may have put the
 * secret there.
 */
import { createReadStream } from 'node:fs'
import { LIST_LIMITS } from './limits.ts'

export interface ListProblem {
  readonly file: string
  /** From 1; 0: the file as a whole. */
  readonly line: number
  /** What is wrong, and what to do. */
  readonly message: string
}

export interface ReadLines {
  /** 32 bytes for each entry, in the order of the files. */
  readonly hashes: Buffer
  readonly problems: readonly ListProblem[]
}

const HASH_BYTES = 32
const HASH = /^[0-9a-f]{64}$/i

const wrongLine = (text: string): string =>
  `is not a SHA-256 in 64 hex digits: it has ${text.length} characters. Put the hash of the secret there (printf %s "$SECRET" | sha256sum), never the secret`

/** Hashes one after the other, in a buffer that grows. */
class Hashes {
  #bytes = Buffer.alloc(1024 * HASH_BYTES)
  count = 0

  add(hex: string): void {
    const at = this.count * HASH_BYTES
    if (at === this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], 2 * this.#bytes.length)
    this.#bytes.write(hex, at, 'hex')
    this.count++
  }

  done(): Buffer {
    return this.#bytes.subarray(0, this.count * HASH_BYTES)
  }
}

/** Lines of a file without their ends; one that is too long is given cut, and ends the file. */
async function* linesOf(file: string): AsyncGenerator<string[]> {
  let rest = ''
  for await (const chunk of createReadStream(file, { encoding: 'latin1', highWaterMark: 1024 * 1024 })) {
    const lines = (rest + (chunk as string)).split('\n')
    rest = lines.pop() ?? ''
    yield lines
    if (rest.length > LIST_LIMITS.line_chars_max) break
  }
  if (rest !== '') yield [rest]
}

/** Adds the hashes of one file. Wrong lines are reported to `tell`; reading stops after the first few. */
async function readFile(file: string, hashes: Hashes, tell: (line: number, message: string) => number): Promise<void> {
  let line = 0
  for await (const lines of linesOf(file)) {
    for (const whole of lines) {
      line++
      const text = (whole.split('#', 1)[0] ?? '').trim()
      if (text === '') continue
      if (HASH.test(text)) hashes.add(text)
      else if (tell(line, wrongLine(text)) >= LIST_LIMITS.problems_max) return
      if (hashes.count > LIST_LIMITS.entries_max) {
        tell(
          line,
          `is one entry too many: a tenant's list and that of all tenants hold ${LIST_LIMITS.entries_max} at most`,
        )
        return
      }
    }
  }
}

/** Reads all files, or reports what is wrong in them. */
export async function readHashes(files: readonly string[]): Promise<ReadLines> {
  const problems: ListProblem[] = []
  const hashes = new Hashes()
  if (files.length > LIST_LIMITS.files_max) {
    const message = `is one file too many: put them together, ${LIST_LIMITS.files_max} at most`
    problems.push({ file: files[LIST_LIMITS.files_max] ?? '', line: 0, message })
  }
  for (const file of files.slice(0, LIST_LIMITS.files_max)) {
    const tell = (line: number, message: string): number => problems.push({ file, line, message })
    try {
      await readFile(file, hashes, tell)
    } catch (error) {
      tell(0, `cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`)
    }
  }
  return { hashes: hashes.done(), problems: problems.slice(0, LIST_LIMITS.problems_max) }
}

/** `lists/leaked-credentials/a.txt:3: is not a SHA-256 …` */
export const formatListProblem = ({ file, line, message }: ListProblem): string =>
  `${file}${line === 0 ? '' : `:${line}`}: ${message}`
