/**
 * `npm run -s bench:beside -- STATE [--rounds 5] [--runs 1000] [--detectors ID,ID]`: what an event costs with the code of an earlier
 * state (a commit, or a directory with a checkout and its packages) and with that of the working directory. Both are loaded
 * into one process and take turns at every line, so that other load on the machine strikes both alike; CPU time is measured. Both
 * get the same request bodies; each makes its own events and frames of them and runs its own detectors. With `--detectors` the
 * working directory takes a third turn, with these detectors alone. `--runs`: runs of agents in the workload.
 */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type * as Registry from '../../detectors/registry.ts'
import type * as EventSchema from '../../schemas/event.ts'
import type * as FrameSchema from '../../schemas/frame.ts'
import type * as Indicators from '../../services/collector/indicators/index.ts'
import type * as Normalise from '../../services/collector/normalise.ts'
import type * as Engine from '../../services/detector/engine/index.ts'
import type * as SignalFrames from '../../services/detector/runtime/signal-frames.ts'
import type * as CodeVersion from '../../services/lib/code-version.ts'
import { HERE, stateOf, withEarlierCode } from '../../scripts/earlier-code.ts'
import { cpuSeconds, describeMachine, median } from './lib/machine.ts'
import { cloudtrailBodies, otlpBodies, WORK_RECEIPT_MS } from './lib/workload.ts'

const { values, positionals } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    runs: { type: 'string', default: '1000' },
    detectors: { type: 'string' },
  },
  allowPositionals: true,
})
const [rounds, runs] = [Number(values.rounds), Number(values.runs)]
const [state] = positionals
if (state === undefined || !(rounds >= 1) || !(runs >= 1)) {
  console.error('usage: npm run -s bench:beside -- COMMIT|DIRECTORY [--rounds N] [--runs N] [--detectors ID,ID]')
  process.exit(2)
}

/** The modules of a state, as far as they are used here; what all states since be0bc55 have in common. */
async function codeIn(root: string) {
  const load = <T>(path: string): Promise<T> => import(pathToFileURL(join(root, path)).href) as Promise<T>
  const [registry, events, frames, extractor, normalise, engine, signals, version] = await Promise.all([
    load<typeof Registry>('detectors/registry.ts'),
    load<typeof EventSchema>('schemas/event.ts'),
    load<typeof FrameSchema>('schemas/frame.ts'),
    load<typeof Indicators>('services/collector/indicators/index.ts'),
    load<typeof Normalise>('services/collector/normalise.ts'),
    load<typeof Engine>('services/detector/engine/index.ts'),
    load<typeof SignalFrames>('services/detector/runtime/signal-frames.ts'),
    load<typeof CodeVersion>('services/lib/code-version.ts'),
  ])
  // It was given later in earlier states.
  const codeVersion = await Promise.resolve(version.codeVersion())
  return { ...registry, ...events, ...frames, ...extractor, ...normalise, ...engine, ...signals, codeVersion }
}
type Code = Awaited<ReturnType<typeof codeIn>>
type Line = readonly [what: string, events: number, work: () => void]

const FRAME_EVENTS = 400
const OTLP = otlpBodies(runs, 40)
const CLOUDTRAIL = cloudtrailBodies(Math.ceil(runs / 30), 60)

function eventsOf(code: Code, format: 'otlp' | 'cloudtrail', bodies: readonly Buffer[]) {
  const context = {
    tenant: 'default',
    sender: '',
    receiptTime: WORK_RECEIPT_MS,
    history: false,
    assurance: 'token' as const,
    extractor: code.createExtractor({ key: Buffer.alloc(32, 7) }),
    hashCredential: (secret: string) => secret,
  }
  return bodies.flatMap((body) => {
    const result = code.normaliseBody(format, body, 'json', context)
    if (!result.ok || result.rejected.length > 0) throw new Error('a body of the benchmark is refused')
    return result.events
  })
}

function framesOf(code: Code, events: ReturnType<typeof eventsOf>): Buffer[] {
  const frame = { schema: code.EVENT_SCHEMA_VERSION, receiptTime: WORK_RECEIPT_MS }
  return Array.from({ length: Math.ceil(events.length / FRAME_EVENTS) }, (_, i) =>
    code.encodeFrame(events.slice(i * FRAME_EVENTS, (i + 1) * FRAME_EVENTS).map(code.rowOf), frame),
  )
}

/** Frames through stage one, and what it sends through stage two. */
function detect(code: Code, ids: readonly string[] | undefined, frames: readonly Buffer[], withSecond: boolean): void {
  const detectors = code.DETECTORS.filter(({ id }) => ids?.includes(id) ?? true)
  const options = { detectors, codeVersion: code.codeVersion, partition: 0 }
  const [first, second] = [code.createStageOne(options), code.createStageTwo(options)]
  let signalOffset = 0
  frames.forEach((value, offset) => {
    const { signals } = first.apply({ offset, value })
    if (!withSecond || signals.length === 0) return
    const source = { sourcePartition: 0, epoch: first.epoch, logTime: first.logTime }
    second.apply({ offset: signalOffset++, value: code.signalFrame(signals, source) })
  })
}

function linesOf(code: Code, ids: readonly string[] | undefined): readonly Line[] {
  const [tools, api] = [eventsOf(code, 'otlp', OTLP), eventsOf(code, 'cloudtrail', CLOUDTRAIL)]
  const [toolFrames, apiFrames] = [framesOf(code, tools), framesOf(code, api)]
  const rows = [...tools, ...api].map((event) => JSON.stringify(code.rowOf(event)))
  const both = tools.length + api.length
  return [
    ['JSON.parse of the rows alone', both, () => rows.forEach((row) => void JSON.parse(row))],
    ['unpack and parse frames', both, () => [...toolFrames, ...apiFrames].forEach((frame) => code.decodeFrame(frame))],
    ['tool calls: frames to findings, stage one', tools.length, () => detect(code, ids, toolFrames, false)],
    ['tool calls: frames to findings, both stages', tools.length, () => detect(code, ids, toolFrames, true)],
    ['API events: frames to findings, stage one', api.length, () => detect(code, ids, apiFrames, false)],
    ['API events: frames to findings, both stages', api.length, () => detect(code, ids, apiFrames, true)],
    ['OTLP JSON to events', tools.length, () => void eventsOf(code, 'otlp', OTLP)],
  ]
}

/** Microseconds of CPU time for each event, the middle of the rounds, by side; the first round warms up and does not count. */
function inTurns(lines: readonly Line[]): readonly number[] {
  const times = lines.map((): number[] => [])
  for (let round = 0; round <= rounds; round++) {
    lines.forEach(([, events, work], side) => {
      globalThis.gc?.()
      const began = cpuSeconds()
      work()
      if (round > 0) times[side]?.push(((cpuSeconds() - began) * 1e6) / events)
    })
  }
  return times.map(median)
}

await withEarlierCode(state, async (root) => {
  const [earlier, now] = [await codeIn(root), await codeIn(HERE)]
  const sides = [
    { name: stateOf(root), lines: linesOf(earlier, undefined) },
    { name: stateOf(HERE), lines: linesOf(now, undefined) },
    ...(values.detectors === undefined
      ? []
      : [{ name: 'these detectors alone', lines: linesOf(now, values.detectors.split(',')) }]),
  ]
  const { cpu, cores, node, date } = describeMachine()
  console.log(`${cpu}, ${cores} cores; node ${node}; ${date}; ${rounds} rounds in turns, CPU time for each event\n`)
  console.log(`| step | ${sides.map(({ name }) => name).join(' | ')} |\n|---|${sides.map(() => '---|').join('')}`)
  for (const [at, [what]] of (sides[0]?.lines ?? []).entries()) {
    const [before = 0, ...later] = inTurns(sides.map(({ lines }) => lines[at]).filter((line) => line !== undefined))
    const cells = later.map((us) => `${us.toFixed(1)} us (${(us / before).toFixed(2)} times)`)
    console.log(`| ${what} | ${before.toFixed(1)} us | ${cells.join(' | ')} |`)
  }
})
