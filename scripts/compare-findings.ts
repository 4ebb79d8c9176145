/**
 * Compares what two states of the code find in the same files: replays each file with the code of an earlier state (a commit, or
 * a directory that holds a checkout with its packages) and with that of the working directory, and says which findings one of
 * them has and the other has not, by detector. A finding counts as the same where tenant, detector, identity, session, time, root
 * evidence and severity are the same; the version of the detector is left out. Of those that are the same it says how many differ in
 * any other word of their body. A file that a state cannot read counts as one without findings, and it says so. `--field NAME`:
 * a line is not a record itself but holds it under this name. Exits 1 where something differs.
 *
 *   npm run -s compare:findings -- [--field NAME] [--show N] STATE FILE...
 */
import { spawn } from 'node:child_process'
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { gunzipSync } from 'node:zlib'
import { toolOptions } from './tool-options.ts'
import { HERE, stateOf, withEarlierCode } from './earlier-code.ts'

/** Of what a replay that fails has said last. */
const SAID_CHARS_MAX = 2_000
/** Exit code of a replay where nothing of a file became an event. */
const NOTHING_READ = 2

interface Found {
  readonly tenant: string
  readonly detector: string
  readonly severity: string
  readonly agent: string
  readonly session: string | null
  readonly time: string
  readonly evidence: readonly { readonly event_id: string; readonly source_id: string }[]
}

/** One finding under its key. */
interface Held {
  readonly detector: string
  readonly body: string
}

interface Replayed {
  readonly findings: ReadonlyMap<string, Held>
  /** Why nothing was read; undefined where something was. */
  readonly unread: string | undefined
}

const keyOf = ({ tenant, detector, agent, session, time, severity, evidence: [root] }: Found): string =>
  JSON.stringify([tenant, detector, agent, session, time, root?.source_id || root?.event_id || '', severity])

/** The body without what names the code that found it. */
const bodyOf = (finding: object): string => JSON.stringify({ ...finding, id: '', version: 0, epoch: '' })

/** Findings of a file by their key; several with one key are told apart by a number. */
async function findingsOf(root: string, file: string): Promise<Replayed> {
  const child = spawn(process.execPath, [join(root, 'services/main.ts'), 'replay', file], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, UV_THREADPOOL_SIZE: '16' },
  })
  const ended = new Promise<number | null>((done) => {
    child.on('close', done)
  })
  let said = ''
  child.stderr.on('data', (text: Buffer) => {
    said = (said + text.toString('utf8')).slice(-SAID_CHARS_MAX)
  })
  const findings = new Map<string, Held>()
  for await (const line of createInterface({ input: child.stdout })) {
    const finding = JSON.parse(line) as Found
    const key = keyOf(finding)
    let place = key
    for (let n = 2; findings.has(place); n++) place = `${key} ${n}`
    findings.set(place, { detector: finding.detector, body: bodyOf(finding) })
  }
  const code = await ended
  if (code === NOTHING_READ) return { findings, unread: said.trim().split('\n').at(-1) ?? '' }
  if (code !== 0) throw new Error(`replay of ${file} with the code in ${root} ended with ${code}: ${said.trim()}`)
  return { findings, unread: undefined }
}

/** How many findings of each detector are on one side alone, on both, and reworded. */
function tellByDetector(gone: readonly Held[], fresh: readonly Held[], both: readonly Held[]): void {
  const count = (all: readonly Held[], id: string): number => all.filter(({ detector }) => detector === id).length
  for (const id of [...new Set([...gone, ...fresh, ...both].map(({ detector }) => detector))].sort())
    console.log(`  ${id.padEnd(36)} ${count(both, id)} the same, ${count(gone, id)} gone, ${count(fresh, id)} new`)
}

/** Prints what differs; gives whether nothing does. */
function tell(file: string, before: Replayed, after: Replayed, shown: number): boolean {
  const gone = [...before.findings].filter(([key]) => !after.findings.has(key))
  const fresh = [...after.findings].filter(([key]) => !before.findings.has(key))
  const both = [...before.findings].filter(([key]) => after.findings.has(key))
  const reworded = both.filter(([key, { body }]) => after.findings.get(key)?.body !== body).length
  console.log(
    `${file}: ${before.findings.size} before, ${after.findings.size} now, ${both.length} the same (${reworded} with other words), ${gone.length} gone, ${fresh.length} new`,
  )
  if (before.unread !== undefined) console.log(`  not read before: ${before.unread}`)
  if (after.unread !== undefined) console.log(`  not read now: ${after.unread}`)
  const bodies = (of: readonly (readonly [string, Held])[]): Held[] => of.map(([, held]) => held)
  if (gone.length + fresh.length > 0) tellByDetector(bodies(gone), bodies(fresh), bodies(both))
  for (const [key] of gone.slice(0, shown)) console.log(`  gone ${key}`)
  for (const [key] of fresh.slice(0, shown)) console.log(`  new  ${key}`)
  return gone.length + fresh.length === 0
}

/** Writes the records that the lines of a file hold under a name as lines of their own. */
async function unwrapped(file: string, field: string, room: string): Promise<string> {
  const bytes = await readFile(file)
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  const path = join(room, basename(file).replace(/\.gz$/, ''))
  const out = createWriteStream(path)
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    const record = (JSON.parse(line) as Readonly<Record<string, unknown>>)[field]
    if (record === undefined) throw new Error(`${file}: a line holds nothing under ${field}`)
    out.write(`${JSON.stringify(record)}\n`)
  }
  await new Promise<void>((done, failed) => {
    out.on('error', failed)
    out.end(done)
  })
  return path
}

const { values, positionals } = toolOptions(import.meta.url, {
  options: { field: { type: 'string' }, show: { type: 'string', default: '20' } },
  allowPositionals: true,
})
const [state, ...files] = positionals

async function compare(root: string, room: string): Promise<boolean> {
  console.log(`before: ${stateOf(root)}, now: ${stateOf(HERE)}`)
  let isSame = true
  for (const file of files) {
    const path = values.field === undefined ? resolve(file) : await unwrapped(resolve(file), values.field, room)
    const before = await findingsOf(root, path)
    isSame = tell(file, before, await findingsOf(HERE, path), Number(values.show)) && isSame
  }
  return isSame
}

if (state === undefined || files.length === 0) {
  console.error('usage: npm run -s compare:findings -- [--field NAME] [--show N] COMMIT|DIRECTORY FILE...')
  process.exitCode = 2
} else {
  const room = mkdtempSync(join(tmpdir(), 'moltwatch-records-'))
  try {
    process.exitCode = (await withEarlierCode(state, (root) => compare(root, room))) ? 0 : 1
  } finally {
    rmSync(room, { recursive: true, force: true })
  }
}
