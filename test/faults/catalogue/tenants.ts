/**
 * Faults 37 to 39: what an evil sender, an evil neighbour and an evil keeper of the log try. A second tenant sends texts
 * that are meant for a terminal, a spreadsheet or a browser; it asks for what is the first tenant's by every route; and
 * entries of the audit log are changed, taken out and moved where they lie.
 */
import { type AuditEntry, checkChain } from '../../../schemas/audit.ts'
import { statePartition } from '../../../schemas/state.ts'
import { ROUTES } from '../../../services/api/registry.ts'
import { createAsker } from '../../support/asker.ts'
import { TOKEN } from '../../support/service.ts'
import { become, withLog } from '../stage/acts.ts'
import type { Fault, Play, Scene } from '../stage/fault.ts'
import { NEIGHBOUR, type System } from '../stage/system.ts'

const owner = createAsker(TOKEN)
const neighbour = createAsker(NEIGHBOUR)

const HOSTILE = [
  '=cmd|calc!A1',
  '+1+1',
  '@SUM(A1)',
  '-2+3',
  'a\r\nCEF:0|forged|x|1|x|x|10|',
  'pipe|and=equals\\',
  '\u2028next line',
  '\u202egnp.exe',
  '<script>alert(1)</script>',
  '\u001b[2Jgone',
] as const

/** One event for each text, which stands in every field that a sender fills freely. */
const hostileEvents = (): string =>
  HOSTILE.map((text, n) =>
    JSON.stringify({
      id: `hostile-${n}`,
      time: Date.now(),
      identity: `scout ${text}`,
      owner: text,
      role: text,
      action: `post ${text}`,
      kind: 'tool',
      target: `https://www.moltbook.com/${text}`,
      user_agent: text,
      peer_domains: ['www.moltbook.com'],
    }),
  ).join('\n')

const send = (system: System, body: string): Promise<Response> =>
  fetch(`${system.front.url}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${NEIGHBOUR}`, 'content-type': 'application/x-ndjson' },
    body,
  })

async function fill(system: System): Promise<void> {
  const answer = await send(system, hostileEvents())
  if (answer.status !== 200) throw new Error(`the neighbour's events were answered ${answer.status}`)
  await become('the neighbour has its events', async () => {
    const { count } = (await neighbour.get(`${system.one('api').url}/v1/events/count`)) as { count: number }
    return count === HOSTILE.length
  })
}

const text = async (system: System, path: string, token: string): Promise<string> =>
  (await fetch(`${system.one('api').url}${path}`, { headers: { authorization: `Bearer ${token}` } })).text()

/** What a cell may not begin with, and what may not stand in one. */
const FORMULA = /^"?[=+\-@\t\r]/
const RAW = /[\u0000-\u0008\u000b-\u001f\u007f\u2028\u2029\u202a-\u202e\u2066-\u2069]/

/** Cells of a CSV text; commas and ends of lines within quotes belong to their cell. */
const cellsOf = (csv: string): string[] =>
  [...csv.matchAll(/(?:^|,|\n)("(?:[^"]|"")*"|[^,\r\n]*)/g)].map(([, cell]) => cell ?? '')

const sendHostileText: Play = async ({ system, shipper }) => {
  await shipper.sendUpTo(0.5)
  await fill(system)
  const csv = await text(system, '/v1/events/export?format=csv', NEIGHBOUR)
  const cells = cellsOf(csv.replaceAll('\r\n', '\n'))
  if (cells.length < HOSTILE.length) throw new Error('the export holds nothing')
  const formula = cells.find((cell) => FORMULA.test(cell) && !/^-?\d+(\.\d+)?$/.test(cell))
  if (formula !== undefined) throw new Error(`a cell of the export is a formula: ${JSON.stringify(formula)}`)
  const raw = cells.find((cell) => RAW.test(cell))
  if (raw !== undefined) throw new Error(`a cell of the export holds a raw control: ${JSON.stringify(raw)}`)
  const lines = (await text(system, '/v1/events/export?format=ndjson', NEIGHBOUR)).trimEnd().split('\n')
  if (lines.length !== HOSTILE.length)
    throw new Error(`${HOSTILE.length} events became ${lines.length} lines of NDJSON`)
  const seen = lines.map((line) => (JSON.parse(line) as { identity: string }).identity)
  if (seen.some((identity) => !identity.startsWith('scout '))) throw new Error('an identity came out as another')
  const page = await fetch(`${system.one('api').url}/v1/events`, { headers: { authorization: `Bearer ${NEIGHBOUR}` } })
  if (page.headers.get('content-type')?.startsWith('application/json') !== true) {
    throw new Error('an answer could be taken for a page')
  }
  return `${HOSTILE.length} hostile texts in every field; ${cells.length} cells of CSV, none a formula or with a raw control`
}

/** Ids, names and cursors of the owner, and words that only its answers hold. */
async function stolenFrom({ system, load }: Scene): Promise<{ ids: string[]; marks: string[]; cursors: string[] }> {
  const { url } = system.one('api')
  await become('the owner has findings', async () => (await owner.findingIds(url)).length > 0)
  const ids = [...(await owner.findingIds(url)).slice(0, 3), 'role/worker-1', 'default']
  const cursors: string[] = []
  for (const { path, query } of ROUTES.filter(({ method }) => method === 'GET')) {
    if (!('cursor' in query.properties) || path.includes(':')) continue
    const { next_cursor: next } = (await owner.get(`${url}/v1${path}?limit=1`)) as { next_cursor: string | null }
    if (next !== null) cursors.push(next)
  }
  if (cursors.length < 3) throw new Error('the owner has too little to steal')
  return { ids, marks: ['role/worker-', 'team-', ...load.findings], cursors }
}

const askForOthers: Play = async (scene) => {
  const { system, shipper, random } = scene
  await shipper.sendUpTo(1)
  await fill(system)
  const { ids, marks, cursors } = await stolenFrom(scene)
  const { url } = system.one('api')
  let asked = 0
  for (const { method, path, query, example } of ROUTES) {
    if (path.endsWith('/tail')) continue
    const tries = [
      {},
      { cursor: random.pick(cursors) },
      { tenant: 'default' },
      { identity: 'role/worker-1', agent: 'role/worker-1' },
    ]
    for (const id of ids) {
      for (const parameters of tries) {
        const known = Object.entries({ ...example.query, ...parameters }).filter(
          ([name]) => name === 'tenant' || name in query.properties,
        )
        const at = path.replaceAll(/:\w+/g, encodeURIComponent(id))
        const answer = await fetch(`${url}/v1${at}?${new URLSearchParams(known).toString()}`, {
          method,
          headers: {
            authorization: `Bearer ${NEIGHBOUR}`,
            'x-tenant': 'default',
            ...(method === 'GET' || method === 'DELETE' ? {} : { 'content-type': 'application/json' }),
          },
          ...(method === 'GET' || method === 'DELETE'
            ? {}
            : { body: JSON.stringify({ ...example.body, tenant: 'default' }) }),
        })
        const body = await answer.text()
        asked += 1
        // What it asked for may be repeated to it in words; what it did not know may not be told.
        const told = marks.find((mark) => body.replaceAll(id, '').replaceAll('role/worker-1', '').includes(mark))
        if (told !== undefined) throw new Error(`${method} ${at} told the neighbour ${JSON.stringify(told)}`)
        if (answer.status >= 500 && answer.status !== 503) throw new Error(`${method} ${at} answered ${answer.status}`)
        if (!path.includes(':')) break
      }
    }
  }
  return `${asked} requests with the neighbour's token, on every route, with ids, names and cursors of the owner: nothing told`
}

const statusPath = '/v1/audit?limit=1000'
const entriesOf = async (system: System): Promise<AuditEntry[]> =>
  ((await owner.get(`${system.one('api').url}${statusPath}`)) as { items: AuditEntry[] }).items

/** Writes the record of an entry as it is given, past the responder; undefined takes it out. */
async function forge(system: System, sequence: number, entry: AuditEntry | undefined): Promise<void> {
  if (system.engine === 'embedded') await system.stop(system.one('api'))
  await withLog(system, async (log) => {
    const key = `audit/default/${String(sequence).padStart(12, '0')}/1`
    const value = entry === undefined ? null : Buffer.from(JSON.stringify(entry))
    await log.append('state', statePartition('default', log.partitions('state')), [{ key, value }])
  })
  if (system.engine === 'embedded') await system.start('api')
}

const tamper: Play = async ({ system, shipper }) => {
  await shipper.sendUpTo(0.3)
  const { url } = system.one('api')
  for (const type of ['stop', 'resume', 'stop', 'resume', 'stop', 'resume']) {
    const answer = await owner.post(`${url}/v1/commands`, JSON.stringify({ type, reason: 'A drill.' }))
    if (answer.status !== 202) throw new Error(`a command was answered ${answer.status}`)
  }
  await become('each act has its entry', async () => (await entriesOf(system)).length >= 6)
  const good = (await entriesOf(system)).toSorted((a, b) => a.sequence - b.sequence)
  const [, second, third, fourth] = good as [AuditEntry, AuditEntry, AuditEntry, AuditEntry]
  const harms = [
    ['changed', [[third.sequence, { ...third, by: 'nobody' }]], third.sequence],
    ['taken out', [[third.sequence, undefined]], third.sequence],
    [
      'moved',
      [
        [second.sequence, { ...third, sequence: second.sequence }],
        [third.sequence, { ...second, sequence: third.sequence }],
      ],
      second.sequence,
    ],
    ['sealed anew', [[fourth.sequence, { ...fourth, content: null, by: 'nobody' }]], fourth.sequence],
  ] as const
  for (const [how, writes, first] of harms) {
    for (const [sequence, entry] of writes) await forge(system, sequence, entry)
    await become(`the entry that was ${how} is named`, async () => {
      const outcome = checkChain(await entriesOf(system))
      return !outcome.ok && outcome.sequence === first
    })
    for (const [sequence] of writes)
      await forge(
        system,
        sequence,
        good.find((one) => one.sequence === sequence),
      )
    await become('the chain is whole again', async () => checkChain(await entriesOf(system)).ok)
  }
  return `${harms.length} entries changed, taken out, moved and sealed anew: the first bad one was named each time`
}

export const hostileText: Fault = {
  number: 37,
  title: 'controls, formulas, markup and marks of direction in every field',
  holds: 'they come out of the API and of exports as text',
  embedded: sendHostileText,
  kafka: sendHostileText,
  testedOn: 'embedded',
}

export const anotherTenant: Fault = {
  number: 38,
  title: "a tenant asks for another's things, by every route",
  holds: 'it is told nothing of them',
  embedded: askForOthers,
  kafka: askForOthers,
  testedOn: 'embedded',
}

export const auditTampered: Fault = {
  number: 39,
  title: 'entries of the audit log are changed, taken out or moved',
  holds: 'the verifier names the first bad one',
  embedded: tamper,
  kafka: tamper,
  testedOn: 'kafka',
}
