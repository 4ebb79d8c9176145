/**
 * Elasticsearch's bulk interface under `/elastic`, as used by Beats, Logstash, Vector and Fluent Bit: one line with the
 * action, one with the document. Each document is one record, or holds the line of one in `message`. The token comes as
 * ApiKey, as the password of Basic, or as Bearer. Clients that first ask which server this is get an answer.
 */
import { type Answer, inJson, refusalHeaders } from '../../answers.ts'
import { isObject } from '../../formats/lib/json.ts'
import type { Formats } from '../../formats/formats.ts'
import type { Envelope } from '../../formats/read-envelopes.ts'
import { unpackBody } from '../../unpack.ts'
import type { Input, Outcome, Question } from '../input.ts'
import { malformed, shippedEnvelope } from '../lib/json-body.ts'
import { identifyByScheme } from '../lib/schemes.ts'

const BASE = '/elastic'
/** Clients refuse to speak to what does not say this. */
const PRODUCT = { 'x-elastic-product': 'Elasticsearch' }
const VERSION = '8.15.0'

const failure = (status: number, reason: string): Answer => ({
  status,
  headers: { ...PRODUCT, ...(status === 503 || status === 401 ? refusalHeaders(status) : {}) },
  ...inJson({
    error: { type: status === 401 || status === 403 ? 'security_exception' : 'illegal_argument_exception', reason },
    status,
  }),
})

const question = (method: Question['method'], path: string, body: object): Question => ({
  method,
  path,
  answer(head, { authenticate, ready }) {
    const identified = identifyByScheme(head, authenticate)
    if (!identified.ok) return failure(identified.status, identified.message)
    if (!ready) return failure(503, 'not ready')
    return { status: 200, headers: PRODUCT, ...inJson(body) }
  },
})

const ABOUT = {
  name: 'moltwatch',
  cluster_name: 'moltwatch',
  version: { number: VERSION, build_flavor: 'default', minimum_wire_compatibility_version: '7.17.0' },
  tagline: 'You Know, for Search',
}
const LICENSE = { license: { uid: 'moltwatch', type: 'basic', status: 'active' } }

const ACTIONS = ['create', 'index', 'update', 'delete'] as const
const actionOf = (value: unknown): (typeof ACTIONS)[number] | undefined =>
  isObject(value) ? ACTIONS.find((action) => Object.hasOwn(value, action)) : undefined

/** The documents of a bulk request, in order; anything that is not a document is reported in its place. */
function documents(lines: readonly Envelope[], formats: Formats): Envelope[] {
  const found: Envelope[] = []
  for (let n = 0; n < lines.length; n++) {
    const line = lines[n] as Envelope
    const action = 'problem' in line ? undefined : actionOf(line.value)
    if (action === undefined) {
      found.push(
        'problem' in line ? line : malformed(line.value, 'an action (create or index) must stand before each document'),
      )
    } else if (action === 'delete' || action === 'update') {
      found.push(
        malformed(
          'problem' in line ? line.record : line.value,
          `the action ${action} is not taken: records are never changed`,
        ),
      )
      if (action === 'update') n += 1
    } else {
      const document = lines[(n += 1)]
      if (document === undefined) found.push(malformed('', 'the document behind the last action is missing'))
      else found.push('problem' in document ? document : shippedEnvelope(document.value, formats))
    }
  }
  return found
}

function bulkAnswer(outcome: Outcome): Answer {
  if (!outcome.ok) return failure(outcome.status, outcome.message)
  const { records, rejected } = outcome.account
  const reasons = new Map(rejected.map(({ index, detail }) => [index, detail]))
  const items = Array.from({ length: records }, (_, index) => {
    const reason = reasons.get(index)
    if (reason === undefined) return { create: { status: 201, result: 'created' } }
    return { create: { status: 400, error: { type: 'document_parsing_exception', reason } } }
  })
  return { status: 200, headers: PRODUCT, ...inJson({ took: 1, errors: rejected.length > 0, items }) }
}

export const elasticsearch: Input = {
  id: 'elasticsearch',
  takes: [{ path: `${BASE}/_bulk` }, { path: `${BASE}/:index/_bulk` }],
  questions: [
    question('GET', BASE, ABOUT),
    question('GET', `${BASE}/`, ABOUT),
    question('GET', `${BASE}/_license`, LICENSE),
    question('GET', `${BASE}/_xpack`, { ...LICENSE, features: {} }),
  ],
  identify: identifyByScheme,
  unpack(body, _head, formats) {
    const read = unpackBody('auto', body, 'lines')
    return read.ok ? { ok: true, envelopes: documents(read.envelopes, formats) } : read
  },
  answer: bulkAnswer,
}
