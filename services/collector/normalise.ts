/**
 * The one door to the normalisers, for whoever has a body: the HTTP doors, `replay`, `prove`, `eval`, the tests. All go
 * through it, so that an event's id depends on the producer's data and not on the way it came.
 */
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { pipeline, type Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { createGunzip } from 'node:zlib'
import { LIMITS } from '../../schemas/limits.ts'
import { readBody } from './body.ts'
import { recordText } from './formats/lib/json.ts'
import { detectFormat, normaliserFor } from './formats/registry.ts'
import type { Format, NormaliseContext, Normalised, Rejected } from './formats/types.ts'
import { readProtobuf } from './protobuf/decode.ts'

/** How a body is written: JSON (one value, or several one after the other), JSON in lines, or OTLP in protobuf. */
export type Form = 'json' | 'lines' | 'protobuf'

export type { Assurance, Format, NormaliseContext, Normalised, Rejected } from './formats/types.ts'
export { detectFormat } from './formats/registry.ts'

/** What a body became, and in which format it was read. */
export type NormaliseResult =
  | ({ readonly ok: true; readonly format: Format } & Normalised)
  | {
      readonly ok: false
      readonly status: 400 | 413
      /** Byte of the body, from 0. */
      readonly position: number
      /** A sentence for a person. */
      readonly detail: string
    }

/** Several top-level values are one request: records one after the other. */
const joined = (values: readonly unknown[]): unknown =>
  values.length === 1 ? values[0] : values.flatMap((value) => (Array.isArray(value) ? value : [value]))

/** Works through all steps at once. */
function drain<T>(steps: Generator<undefined, T, undefined>): T {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** Works through the steps and lets other work of the process have its turn now and then. */
export async function drainInTurns<T>(steps: Generator<undefined, T, undefined>): Promise<T> {
  for (let count = 1; ; count++) {
    const step = steps.next()
    if (step.done === true) return step.value
    if (count % LIMITS.records_per_turn_max === 0) await setImmediate()
  }
}

const UNKNOWN_FORMAT =
  'the format is not known: this is no OTLP logs request, no CloudTrail file and no canonical event; see docs/formats.md'

const refused = (detail: string): NormaliseResult => ({ ok: false, status: 400, position: 0, detail })

type Steps = Generator<undefined, NormaliseResult, undefined>

function* valueSteps(format: Format | 'auto', value: unknown, context: NormaliseContext): Steps {
  const found = format === 'auto' ? detectFormat(value) : format
  if (found === undefined) return refused(UNKNOWN_FORMAT)
  const normaliser = normaliserFor(found)
  const refusal = normaliser.refuses(value)
  if (refusal !== undefined) return refused(refusal)
  const records = normaliser.count(value)
  if (records > LIMITS.records_per_request_max) {
    const detail = `${records} records in one request: at most ${LIMITS.records_per_request_max} are taken, send it in smaller parts`
    return { ok: false, status: 413, position: 0, detail }
  }
  return { ok: true, format: found, ...(yield* normaliser.steps(value, context)) }
}

/**
 * The bytes of one request, record by record. `auto` finds the format by the first value; protobuf is OTLP. Lines that are
 * no JSON among good ones are rejected one by one; they stand behind the records in the numbering.
 */
export function* bodySteps(format: Format | 'auto', body: Buffer, form: Form, context: NormaliseContext): Steps {
  if (form === 'protobuf') {
    const request = readProtobuf(body)
    return request.ok ? yield* valueSteps('otlp', request.value, context) : request
  }
  const read = readBody(body, form === 'lines')
  if (!read.ok) return read
  const found = format === 'auto' ? detectFormat(read.values[0]) : format
  if (found === undefined) return refused(UNKNOWN_FORMAT)
  if (found === 'otlp' && read.values.length + read.bad.length > 1) {
    return refused('an OTLP body is one ExportLogsServiceRequest: send one request for each line')
  }
  const result = yield* valueSteps(found, joined(read.values), context)
  if (!result.ok || read.bad.length === 0) return result
  const bad: Rejected[] = read.bad.map(({ index, position, detail, text }) => ({
    index: result.records + index,
    reason: 'malformed',
    detail: `${detail} at byte ${position}`,
    record: recordText(text),
  }))
  return { ...result, rejected: [...result.rejected, ...bad], records: result.records + bad.length }
}

/** Normalises the bytes of one request; see `bodySteps`. */
export const normaliseBody = (
  format: Format | 'auto',
  body: Buffer,
  form: Form,
  context: NormaliseContext,
): NormaliseResult => drain(bodySteps(format, body, form, context))

/** Normalises a value that is parsed already. */
export const normalise = (format: Format | 'auto', value: unknown, context: NormaliseContext): NormaliseResult =>
  drain(valueSteps(format, value, context))

/** One request of a file, with the line it starts at (from 1). */
export type FileResult = { readonly line: number } & NormaliseResult

/** Told by the first bytes, because a name may say anything. */
async function isGzip(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await file.close()
  }
}

/** The bytes of a file in the clear. */
async function openFile(path: string): Promise<Readable> {
  const file = createReadStream(path)
  if (!(await isGzip(path))) return file
  // Whoever reads it hears of every error: the pipeline destroys what it ends in.
  return pipeline(file, createGunzip(), () => undefined)
}

async function* linesOf(path: string): AsyncGenerator<string> {
  yield* createInterface({ input: await openFile(path), crlfDelay: Number.POSITIVE_INFINITY })
}

/**
 * Whether each line of a file is a JSON value of its own, told by the first one. Pretty-printed JSON breaks off there.
 * A file of a single line is both; it is read whole.
 */
async function byLines(path: string): Promise<boolean> {
  let first: string | undefined
  for await (const line of linesOf(path)) {
    if (line.trim() === '') continue
    if (first !== undefined) return readBody(Buffer.from(first), false).ok
    first = line
  }
  return false
}

const isOtlpLine = async (path: string): Promise<boolean> => {
  for await (const line of linesOf(path)) {
    if (line.trim() === '') continue
    const read = readBody(Buffer.from(line), false)
    return read.ok && detectFormat(read.values[0]) === 'otlp'
  }
  return false
}

async function* otlpLines(path: string, context: NormaliseContext): AsyncGenerator<FileResult> {
  let line = 0
  for await (const text of linesOf(path)) {
    line += 1
    if (text.trim() !== '') yield { line, ...normaliseBody('otlp', Buffer.from(text), 'json', context) }
  }
}

/**
 * Reads a plain or gzip file as requests. A line of an OTLP file is one request, as it is posted; every other file is one
 * request as a whole, so that equal records without an id are numbered as in one post. Throws where the file cannot be
 * read.
 */
export async function* normaliseFile(
  path: string,
  format: Format | 'auto',
  context: NormaliseContext,
): AsyncGenerator<FileResult> {
  const lines = await byLines(path)
  if (lines && (format === 'otlp' || (format === 'auto' && (await isOtlpLine(path))))) {
    yield* otlpLines(path, context)
    return
  }
  const chunks: Buffer[] = []
  for await (const chunk of await openFile(path)) chunks.push(chunk as Buffer)
  yield { line: 1, ...normaliseBody(format, Buffer.concat(chunks), lines ? 'lines' : 'json', context) }
}
