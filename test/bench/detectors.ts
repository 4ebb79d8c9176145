/**
 * `npm run bench:detectors [-- --repeats N]`: what an event costs in each habit, in each detector and in what surrounds them, in
 * microseconds, for API events and for tool calls with indicators. It samples the running core: a sample belongs to the
 * detector or habit nearest to where it was taken, otherwise to the engine, to the frames (unpacking and parsing), to the collector of
 * garbage or to the rest. Samples are of time; they are scaled to the CPU time of the process, so that other load on the machine affects them little.
 */
import { Session } from 'node:inspector/promises'
import { toolOptions } from '../../scripts/tool-options.ts'
import { DETECTORS } from '../../detectors/registry.ts'
import { createExtractor } from '../../services/collector/indicators/index.ts'
import { type FormatId, normaliseBody } from '../../services/collector/normalise.ts'
import { createStageOne, createStageTwo } from '../../services/detector/engine/index.ts'
import { signalFrame } from '../../services/detector/runtime/signal-frames.ts'
import { codeVersion } from '../../services/lib/code-version.ts'
import { cpuSeconds, describeMachine } from './lib/machine.ts'
import { cloudtrailBodies, framesOf, otlpBodies, WORK_RECEIPT_MS } from './lib/workload.ts'

const SAMPLE_US = 200
const RUNS = 3_000
const CLOUDTRAIL_BODIES = 100
const EVENTS_PER_BODY = 60
const SPANS_PER_BODY = 40

const { values } = toolOptions(import.meta.url, { options: { repeats: { type: 'string', default: '3' } } })
const repeats = Number(values.repeats)
if (!Number.isInteger(repeats) || repeats < 1) {
  console.error('--repeats takes a whole number from 1')
  process.exit(2)
}

const context = {
  tenant: 'default',
  sender: '',
  receiptTime: WORK_RECEIPT_MS,
  history: false,
  assurance: 'token',
  extractor: createExtractor({ key: Buffer.alloc(32, 7) }),
  hashCredential: (secret: string) => secret,
} as const
const options = { detectors: DETECTORS, codeVersion: codeVersion(), partition: 0 }

interface Work {
  readonly frames: readonly Buffer[]
  readonly events: number
}

function workOf(format: FormatId, bodies: readonly Buffer[]): Work {
  const events = bodies.flatMap((body) => {
    const result = normaliseBody(format, body, 'json', context)
    if (!result.ok || result.rejected.length > 0) throw new Error('a body of the benchmark is refused')
    return result.events
  })
  return { frames: framesOf(events), events: events.length }
}

/** Empty, and made before anything is measured: their tables take longer to make than many events to judge. */
const createStages = () => ({ first: createStageOne(options), second: createStageTwo(options) })

/** All frames through both stages. */
function detect(frames: readonly Buffer[], { first, second }: ReturnType<typeof createStages>): void {
  let signalOffset = 0
  for (const [offset, value] of frames.entries()) {
    const { signals } = first.apply({ offset, value })
    if (signals.length === 0) continue
    const source = { sourcePartition: 0, epoch: first.epoch, logTime: first.logTime }
    second.apply({ offset: signalOffset++, value: signalFrame(signals, source) })
  }
}

const PART = /\/detectors\/((?:habits|[a-z]+)\/[a-z-]+)\.ts$/
const SURROUNDINGS: readonly (readonly [RegExp, string])[] = [
  [/\/schemas\/(?:frame|event-rows)\.ts$|^node:zlib/, 'frames'],
  [/\/services\/detector\//, 'engine'],
]

/** To whom a function's own time belongs; undefined where it is to be asked of its caller. */
function ownerOf({ url, functionName }: { readonly url: string; readonly functionName: string }): string | undefined {
  if (functionName === '(garbage collector)') return 'garbage'
  const part = PART.exec(url)?.[1]
  if (part !== undefined && !part.startsWith('lib/')) return part
  return SURROUNDINGS.find(([pattern]) => pattern.test(url))?.[1]
}

/** Microseconds of CPU by part, of all frames `repeats` times after as many to warm up. */
async function sample(frames: readonly Buffer[]): Promise<Map<string, number>> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_US })
  for (let i = 0; i < repeats; i++) detect(frames, createStages())
  const stages = Array.from({ length: repeats }, createStages)
  globalThis.gc?.()
  await session.post('Profiler.start')
  const [began, cpuBegan] = [performance.now(), cpuSeconds()]
  for (const pair of stages) detect(frames, pair)
  const share = (1e3 * (cpuSeconds() - cpuBegan)) / (performance.now() - began)
  const { profile } = await session.post('Profiler.stop')
  session.disconnect()
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  const parents = new Map(
    profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
  )
  const sums = new Map<string, number>()
  for (const [i, id] of (profile.samples ?? []).entries()) {
    let owner: string | undefined
    for (let at: number | undefined = id; at !== undefined && owner === undefined; at = parents.get(at)) {
      const frame = nodes.get(at)?.callFrame
      owner = frame && ownerOf(frame)
    }
    const part = owner ?? 'rest'
    sums.set(part, (sums.get(part) ?? 0) + share * (profile.timeDeltas?.[i] ?? 0))
  }
  return sums
}

const machine = describeMachine()
console.log(`${machine.cpu}, ${machine.cores} cores; node ${machine.node}; commit ${machine.commit}; ${machine.date}`)
const works: readonly (readonly [string, Work])[] = [
  ['API events', workOf('cloudtrail', cloudtrailBodies(CLOUDTRAIL_BODIES, EVENTS_PER_BODY))],
  ['tool calls with indicators', workOf('otlp', otlpBodies(RUNS, SPANS_PER_BODY))],
]
for (const [what, { frames, events }] of works) {
  const sums = await sample(frames)
  const all = [...sums].map(([part, us]) => [part, us / events / repeats] as const)
  const total = all.reduce((sum, [, us]) => sum + us, 0)
  console.log(`\n${what}: ${total.toFixed(2)} us per event`)
  for (const [part, us] of all.toSorted(([, a], [, b]) => b - a))
    console.log(`${us.toFixed(3).padStart(9)}  ${((100 * us) / total).toFixed(1).padStart(5)} %  ${part}`)
}
