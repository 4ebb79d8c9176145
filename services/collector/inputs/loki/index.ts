/**
 * Loki's push interface, as used by Alloy, Promtail, Vector, Fluent Bit and the log drivers of containers: streams of lines
 * with labels, in JSON or as a snappy block of protobuf. The token comes as Bearer or as the password of Basic. The content
 * of a line is read like that of any other line. A record without an id is unique by its labels and its nanoseconds.
 */
import { LIMITS } from '../../../../schemas/limits.ts'
import type { Answer } from '../../answers.ts'
import { refusalHeaders } from '../../answers.ts'
import { canonical, isObject } from '../../formats/lib/json.ts'
import type { Formats } from '../../formats/formats.ts'
import { type Envelope, refused } from '../../formats/read-envelopes.ts'
import type { Unpacked } from '../../unpack.ts'
import { type Input, type Outcome, type Endpoint, type Question } from '../input.ts'
import { malformed, readJson } from '../lib/json-body.ts'
import { lineEnvelope } from '../lib/lines.ts'
import { identifyByScheme } from '../lib/schemes.ts'
import { mediaType } from '../lib/types.ts'
import { type Entry, jsonEntries, protobufEntries } from './entries.ts'
import { unsnappy } from './snappy.ts'

const PUSH: Endpoint = {
  path: '/loki/api/v1/push',
  types: { 'application/json': 'json', 'application/x-protobuf': 'protobuf' },
  untyped: 'application/x-protobuf',
}

function entryEnvelope({ labels, nanos, line }: Entry, formats: Formats): Envelope {
  const fields = { labels, nanos }
  const time = /^\d{10,20}$/.test(nanos) ? { time: nanos } : {}
  return lineEnvelope(line, { name: 'loki', fields, ...time, place: canonical(fields) }, formats)
}

function fromProtobuf(body: Buffer, formats: Formats): Unpacked {
  const block = unsnappy(body, LIMITS.body_inflated_bytes_max)
  if (!block.ok) return refused(block.detail)
  try {
    return { ok: true, envelopes: protobufEntries(block.bytes).map((entry) => entryEnvelope(entry, formats)) }
  } catch (error) {
    return refused(`the body is no push request in protobuf: ${(error as Error).message}`)
  }
}

const READY: Question = {
  method: 'GET',
  path: '/loki/ready',
  answer: (_head, { ready }) => ({
    status: ready ? 200 : 503,
    headers: {},
    type: 'text/plain',
    body: ready ? 'ready\n' : 'not ready\n',
  }),
}

function answer(outcome: Outcome): Answer {
  if (outcome.ok) return { status: 204, headers: {}, type: 'text/plain', body: '' }
  const { status, message } = outcome
  return { status, headers: refusalHeaders(status), type: 'text/plain', body: `${message}\n` }
}

export const loki: Input = {
  id: 'loki',
  takes: [PUSH],
  questions: [READY],
  identify: identifyByScheme,
  unpack(body, { headers }, formats) {
    if ((mediaType(headers['content-type']) || PUSH.untyped) !== 'application/json') return fromProtobuf(body, formats)
    return readJson(body, (value) => {
      if (!isObject(value) || !Array.isArray(value.streams)) return 'the list streams is missing'
      return [...jsonEntries(value)].map((entry) =>
        'bad' in entry ? malformed(entry.bad, entry.detail) : entryEnvelope(entry, formats),
      )
    })
  },
  answer,
}
