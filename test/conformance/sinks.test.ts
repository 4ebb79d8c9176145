/**
 * What every type of sink in the registry must be: declared in full, able to render whatever can be told, deaf to hostile
 * text, and true to the contract of its product, which a receiver of its own checks (test/conformance/sinks/<type>.ts). A
 * new type is covered by adding it to the registry.
 */
import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { Default, Errors } from 'typebox/value'
import { afterEach, describe, expect, it, type TestContext } from 'vitest'
import { LIMITS } from '../../schemas/limits.ts'
import { type Notice, NOTICE_TYPES, type NoticeType, RECEIVES } from '../../schemas/notice.ts'
import { systemResolve } from '../../services/responder/sinks/lib/connector.ts'
import { SINK_TYPES } from '../../services/responder/sinks/registry.ts'
import type { AnySinkType, Channel } from '../../services/responder/sinks/sink-type.ts'
import { eventually, finding } from '../support/responder.ts'
import { completeSink, lifeOf, liveThrough } from '../support/sink-life.ts'
import { type ReceiverModule, setMood, type SinkReceiver } from './sinks/receiver.ts'

const TIME = '2026-01-05T12:00:00.000Z'
const INCIDENT = 'a'.repeat(32)

/** A notice of each type, as the responder makes them. */
function noticeOf(type: NoticeType, change: (text: string) => string = (text) => text): Notice {
  const incident = { incident_id: INCIDENT, tenant: 'default', agent: change('agent-1'), owner: change('owner-1') }
  const quarantine = {
    id: 'b'.repeat(32),
    tenant: 'default',
    identity: change('agent-1'),
    reason: change('stolen key'),
  }
  const whole = finding({ agent: change('agent-1'), title: change('A burst'), why: change('It listed 40 kinds.') })
  const sink = { tenant: 'default', sink: 'siem', delivery_id: 'c'.repeat(32), detail: change('answered 410') }
  const scope = { detector: 'lateral/recon-burst', agent: change('ci') }
  const data: Readonly<Record<string, object>> = {
    finding: { ...whole, revision: type === 'finding.updated' ? 2 : 1 },
    findings: {
      id: INCIDENT,
      tenant: 'default',
      severity: 'high',
      title: change('37 findings'),
      why: change('More than one by one.'),
      count: 37,
      findings: [{ id: whole.id, agent: change('agent-1'), title: change('A burst') }],
    },
    incident: { ...incident, severity: 'high', title: change('A burst'), why: change('Why.'), by: 'ada', reason: 'x' },
    quarantine,
    suppression: { id: 'd'.repeat(32), tenant: 'default', scope, reason: change('a scan'), by: 'ada', until: TIME },
    sink,
  }
  return { type, time: TIME, data: { ...data[type.split('.')[0]!] } }
}

const TYPES = Object.keys(NOTICE_TYPES) as NoticeType[]
const tools = { resolve: systemResolve, timeoutMs: 2_000 }
const sending = (id: string) => ({ id, nowMs: Date.now() })
const completed = (type: AnySinkType, settings: object): Record<string, unknown> =>
  Default(type.settings, { ...settings }) as Record<string, unknown>

let receiver: SinkReceiver | undefined
let channel: Channel<unknown> | undefined
afterEach(async () => {
  await channel?.destroy()
  await receiver?.close()
  channel = undefined
  receiver = undefined
})

const moduleOf = async ({ type }: AnySinkType): Promise<ReceiverModule> =>
  (await import(`./sinks/${type}.ts`)) as ReceiverModule

async function connect(
  type: AnySinkType,
  context: TestContext,
): Promise<{ at: SinkReceiver; tell(notice: Notice, id: string): Promise<string> }> {
  const { startReceiver, whyAway } = await moduleOf(type)
  const away = await whyAway?.()
  if (away !== undefined) {
    if (process.env['MOLTWATCH_REQUIRE_KAFKA'] === '1') throw new Error(away)
    context.skip(away)
  }
  const at = await startReceiver()
  receiver = at
  const settings = completed(type, at.settings)
  expect([...Errors(type.settings, settings)]).toEqual([])
  expect(type.problems(settings)).toEqual([])
  const opened = type.open(settings, tools)
  channel = opened
  return {
    at,
    async tell(notice, id) {
      const { kind } = await opened.send(type.render(notice, settings), sending(id))
      return kind
    },
  }
}

describe.each(SINK_TYPES.map((type) => [type.type, type] as const))('%s', (_name, type) => {
  it('is declared in full', () => {
    expect(type.type).toMatch(/^[a-z][a-z0-9-]*$/)
    expect(type.about).toMatch(/^[A-Z].*\.$/)
    expect(RECEIVES).toEqual(expect.arrayContaining([...type.receives]))
    const settings = completed(type, type.example)
    expect([...Errors(type.settings, settings)]).toEqual([])
    expect(type.problems(settings)).toEqual([])
    expect([...Errors(type.settings, { ...settings, colour: 'red' })]).not.toEqual([])
    for (const [key, schema] of Object.entries(type.settings.properties)) {
      if (/secret|token|key$|password/.test(key)) expect([key, 'secret' in schema]).toEqual([key, true])
    }
    // One that reads messages out confirms nothing.
    if (type.confirmsOrders) expect(type.receives).toContain('orders')
  })

  it('has its section on the page', () => {
    const page = readFileSync(new URL('../../docs/sinks.md', import.meta.url), 'utf8')
    expect(page).toContain(`\n## ${type.type}\n`)
    expect(page).toContain(type.about)
  })

  it('renders the same notice the same way', () => {
    const settings = completed(type, type.example)
    for (const told of type.tells ?? TYPES) {
      expect(type.render(noticeOf(told), settings)).toEqual(type.render(noticeOf(told), settings))
    }
  })

  it('tells each notice once, in the form that its receiver takes', async (context) => {
    const { at, tell } = await connect(type, context)
    const told = type.tells ?? TYPES
    for (const one of told) expect([one, await tell(noticeOf(one), `id-${one}`)]).toEqual([one, 'delivered'])
    await eventually('everything', () => at.taken.length === told.length || at.problems.length > 0)
    expect(at.problems).toEqual([])
    // Whatever the form, a person finds out who it is about.
    const about = at.taken.filter(({ act }) => act !== 'acknowledge' && act !== 'resolve').map(({ text }) => text)
    expect(about.filter((text) => text.includes('agent-1')).length).toBeGreaterThan(0)
    // What is about one incident has one key.
    const incidents = told.flatMap((one, i) => (one.startsWith('incident.') ? [at.taken[i]!.key] : []))
    if (incidents.some((key) => key === INCIDENT)) expect(new Set(incidents).size).toBe(1)
  })

  it('tells again what was refused or met silence, and says so without a secret', async (context) => {
    const { at, tell } = await connect(type, context)
    const notice = noticeOf('incident.paged')
    if (at.settings['protocol'] === undefined) {
      await setMood(at, 'refuse')
      expect(await tell(notice, 'again')).toBe('failed')
      await setMood(at, 'stall')
      expect(await tell(notice, 'again')).toBe('failed')
    }
    await setMood(at, 'take')
    expect(await tell(notice, 'again')).toBe('delivered')
    await eventually('the notice', () => at.taken.length === 1)
    expect(at.problems).toEqual([])
    await at.close()
    const opened = type.open(completed(type, at.settings), tools)
    const outcome = await opened.send(type.render(notice, completed(type, at.settings)), sending('x'))
    await opened.destroy()
    expect(outcome.kind).toBe('failed')
    for (const [key, schema] of Object.entries(type.settings.properties)) {
      const secret = at.settings[key]
      if ('secret' in schema && typeof secret === 'string') expect(outcome.detail).not.toContain(secret)
    }
  })

  it('is told a matter from its beginning to its end, once each, while its receiver refuses, stalls and comes back', async (context) => {
    const { at } = await connect(type, context)
    const { incident, deliveries } = await liveThrough(completeSink(type.type, at.settings), (mood) =>
      setMood(at, mood),
    )
    const told = lifeOf(type.type)
    expect(deliveries.map((one) => one.type).sort()).toEqual([...told].sort())
    // Where a receiver took what it never answered, it came again under the same id: the same text.
    const texts = (): Set<string> => new Set(at.taken.map(({ text }) => text))
    await eventually('all of it', () => texts().size >= told.length)
    expect(at.problems).toEqual([])
    expect(texts().size).toBe(told.length)
    // What ends the matter names it by the key of its beginning, where the form has keys of matters.
    const keyed = at.taken.filter(({ key }) => key === incident)
    if (keyed.length > 0 && at.taken.some(({ act }) => act === 'resolve')) {
      expect(keyed.map(({ act }) => act)).toEqual(expect.arrayContaining(['trigger', 'resolve']))
    }
  })

  it('is unmoved by whatever a log can contain', async (context) => {
    const { at, tell } = await connect(type, context)
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.constantFrom(
        'a\r\n<34>1 2026-01-05T12:00:00.000Z evil moltwatch - x - CEF:0|x',
        'a|b\\|c=d\\=e',
        '=cmd|calc',
        '<script>alert(1)</script>',
        '<!channel> <https://evil.example|click>',
        '&lt;&amp;&',
        '\u202egnp.exe',
        '\u2028\u2029\u0000\u001b[31m\u009b',
        '\ud800 half',
        '__proto__',
        '"}],"x":"',
        'x'.repeat(LIMITS.why_chars_max),
      ),
    )
    let count = 0
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...(type.tells ?? TYPES)), hostile, async (one, text) => {
        count += 1
        expect(
          await tell(
            noticeOf(one, () => text),
            `hostile-${count}`,
          ),
        ).toBe('delivered')
        await eventually('it', () => at.taken.length === count || at.problems.length > 0)
        expect(at.problems).toEqual([])
      }),
      { numRuns: 60 },
    )
  })
})
