/**
 * One side of bench:beside, in a process of its own: a service runs one code for days, and the engine compiles it for what it meets
 * there. Its parent sends the root of the code, the runs of agents in the workload and the detectors (all where none is named), and
 * then numbers of lines; each is answered with the CPU time of one event, in microseconds.
 */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Registry from '../../../detectors/registry.ts'
import type * as EventSchema from '../../../schemas/event.ts'
import type * as FrameSchema from '../../../schemas/frame.ts'
import type * as Indicators from '../../../services/collector/indicators/index.ts'
import type * as Normalise from '../../../services/collector/normalise.ts'
import type * as Engine from '../../../services/detector/engine/index.ts'
import type * as SignalFrames from '../../../services/detector/runtime/signal-frames.ts'
import type * as CodeVersion from '../../../services/lib/code-version.ts'
import { cpuSeconds } from '../lib/machine.ts'
import { cloudtrailBodies, halfAndHalf, otlpBodies, WORK_RECEIPT_MS } from '../lib/workload.ts'

/** What a side measures. */
export interface Work {
  readonly root: string
  readonly runs: number
  readonly detectors?: readonly string[]
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

/** The workload as frames; the events themselves are not kept, because a heap full of them slows every collection. */
function workOf(code: Code, otlp: readonly Buffer[], apiBodies: readonly Buffer[]) {
  const tools = eventsOf(code, 'otlp', otlp)
  const api = eventsOf(code, 'cloudtrail', apiBodies)
  const of = (events: typeof tools) => ({ frames: framesOf(code, events), count: events.length })
  const rows = [...tools, ...api].map((event) => JSON.stringify(code.rowOf(event)))
  return { tools: of(tools), api: of(api), mixed: of(halfAndHalf(tools, api)), rows }
}

function linesOf(code: Code, { runs, detectors: ids }: Work): readonly Line[] {
  const otlp = otlpBodies(runs, 40)
  const { tools, api, mixed, rows } = workOf(code, otlp, cloudtrailBodies(Math.ceil(runs / 10), 60))
  const both = tools.count + api.count
  return [
    ['JSON.parse of the rows alone', both, () => rows.forEach((row) => void JSON.parse(row))],
    [
      'unpack and parse frames',
      both,
      () => [...tools.frames, ...api.frames].forEach((frame) => code.decodeFrame(frame)),
    ],
    ['tool calls: frames to findings, stage one', tools.count, () => detect(code, ids, tools.frames, false)],
    ['tool calls: frames to findings, both stages', tools.count, () => detect(code, ids, tools.frames, true)],
    ['API events: frames to findings, stage one', api.count, () => detect(code, ids, api.frames, false)],
    ['API events: frames to findings, both stages', api.count, () => detect(code, ids, api.frames, true)],
    ['half and half: frames to findings, both stages', mixed.count, () => detect(code, ids, mixed.frames, true)],
    ['OTLP JSON to events', tools.count, () => void eventsOf(code, 'otlp', otlp)],
    [
      'OTLP JSON to findings, through frames',
      tools.count,
      () => detect(code, ids, framesOf(code, eventsOf(code, 'otlp', otlp)), true),
    ],
  ]
}

/** Microseconds of CPU time for each event of a line. */
function measure([, events, work]: Line): number {
  const began = cpuSeconds()
  work()
  return ((cpuSeconds() - began) * 1e6) / events
}

let lines: readonly Line[] = []

async function answer(message: Work | number): Promise<unknown> {
  if (typeof message === 'number') return measure(lines[message] as Line)
  lines = linesOf(await codeIn(message.root), message)
  return lines.map(([what]) => what)
}

process.on('message', (message: Work | number) => {
  answer(message).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})
process.on('disconnect', () => process.exit())
