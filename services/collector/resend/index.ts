/**
 * `POST /v1/dead-letters/resend`: reads dead letters again, with a format or mapping that was repaired since, and appends
 * the resulting events. The collector does it because only it has the formats and the keys; the letters come from the
 * log. The kept record is redacted and cut: what cannot be restored is reported with its reason. A letter that fails
 * again stays as it is and makes no new letter. A record becomes what its sender could have sent: a caller cannot lend it
 * a name that the sender's token may not use.
 *
 * Repeating a request is safe: an event has the id that its record gives it.
 */
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { DEAD_LETTER_REASONS, type DeadLetter } from '../../../schemas/dead-letter.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { type Authenticate, type Grant, permit } from '../../lib/auth.ts'
import { type Refusal, refusal } from '../answers.ts'
import { type Binding, bindingAmong } from '../binding.ts'
import { createEventStore, type Taking } from '../event-store.ts'
import type { Head } from '../inputs/input.ts'
import type { CollectorOptions } from '../intake.ts'
import { COLLECTOR_LIMITS } from '../limits.ts'
import type { Prepared } from '../preparing/index.ts'
import type { Job } from '../preparing/prepare.ts'
import { sendingScope } from '../sending-scope.ts'
import { findDeadLetters } from './find.ts'

const Body = Type.Object(
  {
    ids: Type.Optional(
      Type.Array(Type.String({ pattern: '^[0-9a-f]{32}$' }), {
        minItems: 1,
        maxItems: COLLECTOR_LIMITS.resend_letters_max,
      }),
    ),
    reason: Type.Optional(Type.Enum([...DEAD_LETTER_REASONS])),
    origin: Type.Optional(Type.String({ minLength: 1, maxLength: LIMITS.name_chars_max })),
    since: Type.Optional(Type.Integer({ minimum: 0 })),
    until: Type.Optional(Type.Integer({ minimum: 0 })),
    limit: Type.Integer({ minimum: 1, maximum: COLLECTOR_LIMITS.resend_letters_max, default: 100 }),
    format: Type.Optional(Type.String({ pattern: '^[a-z0-9_-]{1,64}$' })),
    dry_run: Type.Boolean({ default: false }),
  },
  { additionalProperties: false },
)
type Body = Static<typeof Body>
const compiled = Compile(Body)

/** What came of one letter. */
export interface Resent {
  readonly id: string
  readonly status: 'sent' | 'skipped' | 'rejected' | 'impossible'
  readonly events: number
  /** Its events contain `[redacted:...]` that did not come from the sender. */
  readonly redacted: boolean
  readonly detail: string
}

export interface ResendAnswer {
  readonly letters: readonly Resent[]
  readonly sent: number
  readonly events: number
  readonly dry_run: boolean
  /** There are more letters than were asked for at once. */
  readonly more: boolean
}

/** The bytes of a record that a letter keeps, or why there are none to be read. */
function bodyOf({ service, record }: DeadLetter): Buffer | string {
  if (service !== 'collector') return `the ${service} gave it up: it is no record of a sender`
  if (!/^["[{]/.test(record)) return 'it is kept as bytes that hold no JSON: send it again from where it came from'
  try {
    const value = JSON.parse(record) as unknown
    return Buffer.from(typeof value === 'string' ? value : record)
  } catch {
    return `only its first ${LIMITS.dead_letter_record_chars_max} characters are kept: send it again from where it came from`
  }
}

/** How it is read: as was asked; else by the format in which it came, and by what it looks like. */
const formatsFor = ({ origin }: DeadLetter, format: string | undefined): readonly string[] => {
  if (format !== undefined) return [format]
  return /^[a-z][a-z0-9-]*$/.test(origin) && origin !== 'auto' ? [origin, 'auto'] : ['auto']
}

/** The reason for a value that fits no format. */
const UNKNOWN = 'of no known format'

type From = Pick<Job, 'tenant' | 'sender' | 'history' | 'binding'>

/**
 * What the sender of a letter may send: as its token says now; one that is bound to nothing where the token is gone or the letter is
 * older than its field. None for a record of `raw`, which no token sent.
 */
function bindingOfLetter(
  { tenant, sender, origin }: DeadLetter,
  authenticate: Pick<Authenticate, 'configured'>,
): Binding | undefined {
  if (origin.startsWith('raw/')) return undefined
  const all = authenticate.configured(tenant)
  return bindingAmong(all.find(({ name }) => name === sender) ?? {}, all)
}

type Read = { readonly resent: Resent; readonly taking?: Taking }

/** What sending again needs. */
interface Resending {
  readonly options: CollectorOptions
  readonly store: ReturnType<typeof createEventStore>
}

async function prepared(resending: Resending, letter: DeadLetter, body: Buffer, from: From, asked: Body) {
  const { clock, partitioning, preparer } = resending.options
  const receiptTime = clock.now()
  let detail = ''
  for (const format of formatsFor(letter, asked.format)) {
    const spread = await partitioning.spread()
    const result = await preparer.prepare({ ...from, receiptTime, format, form: 'json', body, ...spread })
    if (result.ok && result.rejected.length === 0) return { receiptTime, result }
    const said = result.ok ? (result.rejected[0]?.detail ?? '') : result.detail
    // What the format of its origin says of it says more than the list of all formats.
    if (detail === '' || detail.startsWith(UNKNOWN)) detail = said
  }
  return detail
}

async function readAgain(
  resending: Resending,
  letter: DeadLetter,
  grant: Grant,
  history: boolean,
  asked: Body,
): Promise<Read> {
  const redacted = letter.record.includes('[redacted:')
  const told = (status: Resent['status'], events: number, detail: string): Resent => ({
    id: letter.id,
    status,
    events,
    redacted,
    detail: detail.slice(0, LIMITS.text_chars_max),
  })
  const body = bodyOf(letter)
  if (typeof body === 'string') return { resent: told('impossible', 0, body) }
  const binding = bindingOfLetter(letter, resending.options.authenticate)
  const from = { tenant: grant.tenant, sender: grant.name, history, ...(binding === undefined ? {} : { binding }) }
  const made = await prepared(resending, letter, body, from, asked)
  if (typeof made === 'string') return { resent: told('rejected', 0, made) }
  const result: Prepared = made.result
  if (result.events === 0) return { resent: told('skipped', 0, 'it is no act of anybody, says its format') }
  return {
    resent: told('sent', result.events, `as ${result.source}`),
    taking: {
      tenant: grant.tenant,
      sender: grant.name,
      origin: letter.origin,
      receiptTime: made.receiptTime,
      prepared: result,
    },
  }
}

/** Rejects with LogError where the log cannot be read or written. */
async function resend(resending: Resending, asked: Body, grant: Grant, history: boolean): Promise<ResendAnswer> {
  const { log, logger } = resending.options
  const { letters, more } = await findDeadLetters(log, grant.tenant, asked)
  const read: Read[] = []
  for (const letter of letters) read.push(await readAgain(resending, letter, grant, history, asked))
  const takings = read.flatMap(({ taking }) => (taking === undefined ? [] : [taking]))
  if (!asked.dry_run) await resending.store(takings)
  const missing = (asked.ids ?? []).filter((id) => !letters.some((letter) => letter.id === id))
  const unknown = missing.map(
    (id): Resent => ({
      id,
      status: 'impossible',
      events: 0,
      redacted: false,
      detail: `no letter of this tenant has this id among the newest ${COLLECTOR_LIMITS.resend_letters_searched_max}`,
    }),
  )
  const events = takings.reduce((sum, taking) => sum + taking.prepared.events, 0)
  const answer = { sent: takings.length, events, dry_run: asked.dry_run, more }
  logger.info(
    { tenant: grant.tenant, by: grant.name, history, format: asked.format, letters: letters.length, ...answer },
    asked.dry_run ? 'dead letters were tried' : 'dead letters were sent again',
  )
  return { letters: [...read.map(({ resent }) => resent), ...unknown], ...answer }
}

export function createResend(options: CollectorOptions) {
  const resending: Resending = {
    options,
    store: createEventStore(options),
  }

  /** The caller must be allowed to read the letters and to send events. */
  return async (head: Pick<Head, 'query' | 'headers'>, text: string): Promise<ResendAnswer | Refusal> => {
    const identified = options.authenticate(head.headers.authorization)
    if (!identified.ok) return identified
    const reads = permit(identified.grant, 'read')
    if (!reads.ok) return reads
    const scope = sendingScope(identified.grant, head)
    if (!scope.ok) return scope
    const state = options.ready()
    if (!state.ok) return refusal(503, 'not_ready', `not ready: ${state.reason}`)
    let given: unknown
    try {
      given = JSON.parse(text === '' ? '{}' : text)
    } catch {
      return refusal(400, 'bad_body', 'the body is no JSON')
    }
    const asked = { limit: 100, dry_run: false, ...(given as object) }
    if (typeof given !== 'object' || given === null || Array.isArray(given) || !compiled.Check(asked)) {
      const keys = Object.keys(Body.properties).join(', ')
      return refusal(400, 'bad_body', `the body is an object with some of ${keys}; see docs/formats.md#dead-letters`)
    }
    if (
      asked.ids === undefined &&
      asked.reason === undefined &&
      asked.origin === undefined &&
      asked.since === undefined
    ) {
      return refusal(400, 'bad_body', 'say which letters: ids, reason, origin or since')
    }
    const limit = asked.ids === undefined ? asked.limit : COLLECTOR_LIMITS.resend_letters_max
    return resend(resending, { ...asked, limit }, identified.grant, scope.history)
  }
}
