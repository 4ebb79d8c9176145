/**
 * `npm run bench`: events per second of the core on one core, from frames to findings and from OTLP JSON to findings, and
 * what an event costs when there are 1k, 100k and 1.5 million identities. CPU time is measured, not the clock. Beside it
 * runs what no core could do without: unpacking and parsing the same frames.
 */
import { toolOptions } from '../../scripts/tool-options.ts'
import { DETECTORS } from '../../detectors/registry.ts'
import type { Event } from '../../schemas/event.ts'
import { decodeFrame, decodeHeader, framePayload } from '../../schemas/frame.ts'
import { createExtractor } from '../../services/collector/indicators/index.ts'
import { type FormatId, type NormaliseContext, normaliseBody } from '../../services/collector/normalise.ts'
import { createStageOne, createStageTwo, type Stage } from '../../services/detector/engine/index.ts'
import { signalFrame } from '../../services/detector/runtime/signal-frames.ts'
import { codeVersion } from '../../services/lib/code-version.ts'
import { cpuSeconds, describeMachine, measure } from './lib/machine.ts'
import {
  cloudtrailBodies,
  createNumbers,
  framesOf,
  halfAndHalf,
  lightFrame,
  otlpBodies,
  WORK_RECEIPT_MS,
} from './lib/workload.ts'

const { values } = toolOptions(import.meta.url, { options: { json: { type: 'boolean', default: false } } })
const { json } = values

const REPEATS = 5
const RUNS = 3_000
const CLOUDTRAIL_BODIES = 100

const version = codeVersion()
const options = { detectors: DETECTORS, codeVersion: version, partition: 0 }

const context: NormaliseContext = {
  tenant: 'default',
  sender: '',
  receiptTime: WORK_RECEIPT_MS,
  history: false,
  assurance: 'token',
  extractor: createExtractor({ key: Buffer.alloc(32, 7) }),
  hashCredential: (secret) => secret,
}

function normaliseAll(format: FormatId, bodies: readonly Buffer[]): Event[] {
  return bodies.flatMap((body) => {
    const result = normaliseBody(format, body, 'json', context)
    if (!result.ok || result.rejected.length > 0) throw new Error('a body of the benchmark is refused')
    return result.events
  })
}

/** All frames through stage one, what it sends through stage two; answers the number of findings. */
function detect(frames: readonly Buffer[], withSecond: boolean): number {
  const first = createStageOne(options)
  const second = createStageTwo(options)
  let found = 0
  let signalOffset = 0
  frames.forEach((value, offset) => {
    const applied = first.apply({ offset, value })
    found += applied.findings.length
    if (!withSecond || applied.signals.length === 0) return
    const source = { sourcePartition: 0, epoch: first.epoch, logTime: first.logTime }
    found += second.apply({ offset: signalOffset++, value: signalFrame(applied.signals, source) }).findings.length
  })
  return found
}

interface Line {
  readonly what: string
  readonly events: number
  readonly seconds: number
}

const lines: Line[] = []
function line(what: string, events: number, work: () => void): number {
  const seconds = measure(REPEATS, work)
  lines.push({ what, events, seconds })
  return seconds
}

/** Cost of one event of a random identity, when that many have been seen. */
function atIdentities(identities: number): number {
  const numbers = createNumbers(3)
  const stage: Stage = createStageOne(options)
  const perFrame = 400
  let [n, offset] = [0, 0]
  const feed = (count: number, identityOf: (n: number) => number): number => {
    let seconds = 0
    for (let done = 0; done < count; done += perFrame) {
      const value = lightFrame(n, perFrame, identityOf, WORK_RECEIPT_MS)
      n += perFrame
      const before = cpuSeconds()
      stage.apply({ offset: offset++, value })
      seconds += cpuSeconds() - before
    }
    return seconds
  }
  feed(identities, (i) => i % identities)
  feed(40_000, () => numbers(identities))
  const measured = 120_000
  return feed(measured, () => numbers(identities)) / measured
}

const bodies = otlpBodies(RUNS, 40)

/** The frames of the workload; the events themselves are not kept, because a heap full of them slows every collection. */
function workFrames(): { tools: Buffer[]; api: Buffer[]; frames: Buffer[]; counts: [number, number, number] } {
  const toolEvents = normaliseAll('otlp', bodies)
  const apiEvents = normaliseAll('cloudtrail', cloudtrailBodies(CLOUDTRAIL_BODIES, 60))
  const mixed = halfAndHalf(toolEvents, apiEvents)
  return {
    tools: framesOf(toolEvents),
    api: framesOf(apiEvents),
    frames: framesOf(mixed),
    counts: [toolEvents.length, apiEvents.length, mixed.length],
  }
}
const { tools, api, frames, counts } = workFrames()
const [toolCount, apiCount, mixedCount] = counts
const texts = frames.map((frame) => framePayload(frame, decodeHeader(frame)).toString('utf8').trimEnd().split('\n'))

const parse = line('JSON.parse of the rows alone', mixedCount, () => {
  for (const rows of texts) for (const row of rows) JSON.parse(row)
})
const decode = line('unpack and parse frames', mixedCount, () => {
  for (const frame of frames) decodeFrame(frame)
})
const one = line('frames to findings, stage one', mixedCount, () => {
  detect(frames, false)
})
const both = line('frames to findings, both stages', mixedCount, () => {
  detect(frames, true)
})
line('tool calls with indicators alone: frames to findings', toolCount, () => {
  detect(tools, true)
})
line('API events alone: frames to findings', apiCount, () => {
  detect(api, true)
})
line('OTLP JSON to events', toolCount, () => {
  normaliseAll('otlp', bodies)
})
line('OTLP JSON to findings, through frames', toolCount, () => {
  detect(framesOf(normaliseAll('otlp', bodies)), true)
})

const machine = describeMachine()
const scale = [1_000, 100_000, 1_500_000].map((identities) => ({
  identities,
  us_per_event: atIdentities(identities) * 1e6,
}))
const result = {
  machine,
  lines: lines.map(({ what, events, seconds }) => ({ what, events, events_per_second: Math.round(events / seconds) })),
  ratio_to_parse: { decode: decode / parse, stage_one: one / parse, both_stages: both / parse },
  scale,
  bytes_per_row_compressed: frames.reduce((sum, frame) => sum + frame.length, 0) / mixedCount,
}

if (json) {
  console.log(JSON.stringify(result))
} else {
  console.log(`${machine.cpu}, ${machine.cores} cores; node ${machine.node}; commit ${machine.commit}; ${machine.date}`)
  console.log(
    `one core, CPU time, middle of ${REPEATS} runs; ${result.bytes_per_row_compressed.toFixed(0)} bytes a row in frames\n`,
  )
  for (const { what, events, seconds } of lines) {
    const rate = Math.round(events / seconds).toLocaleString('en')
    console.log(`${what.padEnd(54)} ${rate.padStart(10)} events/s  ${((seconds / events) * 1e6).toFixed(2)} us`)
  }
  console.log(
    `\nagainst parsing alone: unpacking and parsing ${(decode / parse).toFixed(2)}, stage one ${(one / parse).toFixed(2)}, both stages ${(both / parse).toFixed(2)} times the cost`,
  )
  for (const { identities, us_per_event } of scale) {
    console.log(
      `${identities.toLocaleString('en').padStart(10)} identities: ${us_per_event.toFixed(2)} us per event of a random one`,
    )
  }
}
