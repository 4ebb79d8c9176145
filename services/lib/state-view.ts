/**
 * The current content of the topic `state`, for processes that do not write it: the newest body of each thing, followed
 * as the responder writes. A partition is read in full when this process gets it and again after trouble, so that what
 * was removed meanwhile disappears. Until the new reading is complete, the previous one answers.
 *
 * Each process is the only member of its own group, because each needs the whole state. Nothing is committed.
 */
import { parseStateKey, type StateKind, stateKey } from '../../schemas/state.ts'
import type { Log, LogRecord, PartitionHandler } from './log/port.ts'
import { createSteadyConsumer } from './log/steady-consumer.ts'
import type { Logger } from './logger.ts'

export interface StateViewOptions {
  readonly log: Log
  readonly logger: Logger
  /** Of this process alone. */
  readonly group: string
  /** What is kept; the rest is skipped. */
  readonly kinds: readonly StateKind[]
}

export interface StateView {
  /** Resolves once everything that was there has been read. Throws LogError where the log cannot be read. */
  start(): Promise<void>
  stop(): Promise<void>
  /** Whether every partition has been read once. While following is interrupted, the last reading answers. */
  isComplete(): boolean
  /** The newest bodies of a tenant's things of one kind, as the responder wrote them. */
  list(kind: StateKind, tenant: string): unknown[]
  /** Those of all tenants. */
  all(kind: StateKind): unknown[]
  /** Another number after each change of a thing of this kind. */
  version(kind: StateKind): number
}

interface Thing {
  readonly kind: StateKind
  readonly tenant: string
  readonly sequence: number
  readonly body: unknown
}

/** By key without the sequence. */
type Things = Map<string, Thing>

const TOPIC = 'state'

/** What was read from the state. */
interface View {
  readonly options: StateViewOptions
  readonly partitions: Map<number, Things>
  readonly versions: Map<StateKind, number>
  readonly complete: PromiseWithResolvers<void>
}

function apply(view: View, things: Things, { key, value, offset }: LogRecord, partition: number): void {
  const { kinds, logger } = view.options
  const address = parseStateKey(key ?? '')
  if (address === undefined || !kinds.includes(address.kind)) return
  const { kind, tenant, sequence } = address
  view.versions.set(kind, (view.versions.get(kind) ?? 0) + 1)
  const stem = stateKey(address, 0).slice(0, -1)
  const known = things.get(stem)
  if (value === null) {
    if (known?.sequence === sequence) things.delete(stem)
    return
  }
  // A writer that has lost its place can only add a lower sequence.
  if (known !== undefined && known.sequence > sequence) return
  try {
    things.set(stem, { kind, tenant, sequence, body: JSON.parse(value.toString('utf8')) as unknown })
  } catch {
    logger.error({ key, partition, offset }, 'a record of the state is not JSON; it is left out')
  }
}

function handler(view: View, partition: number): PartitionHandler {
  const { log, kinds } = view.options
  let things: Things = new Map()
  return {
    async start() {
      const { end } = await log.bounds(TOPIC, partition)
      things = new Map()
      for await (const record of log.read(TOPIC, partition)) apply(view, things, record, partition)
      view.partitions.set(partition, things)
      for (const kind of kinds) view.versions.set(kind, (view.versions.get(kind) ?? 0) + 1)
      if (isComplete(view)) view.complete.resolve()
      return end
    },
    async process(batch) {
      for (const record of batch.records) apply(view, things, record, partition)
    },
    stop: () => Promise.resolve(),
  }
}

const isComplete = (view: View): boolean => view.partitions.size === view.options.log.partitions(TOPIC)

const bodies = (view: View, isMeant: (one: Thing) => boolean): unknown[] =>
  [...view.partitions.values()].flatMap((things) => [...things.values()].filter(isMeant).map(({ body }) => body))

export function createStateView(deps: StateViewOptions): StateView {
  const view: View = {
    options: deps,
    partitions: new Map(),
    versions: new Map(),
    complete: Promise.withResolvers<void>(),
  }

  const consumer = createSteadyConsumer({
    log: deps.log,
    logger: deps.logger,
    what: 'following the state',
    group: deps.group,
    topics: [TOPIC],
    handler: (_topic, partition) => handler(view, partition),
  })

  return {
    async start() {
      await consumer.start()
      await view.complete.promise
    },
    async stop() {
      view.complete.resolve()
      await consumer.stop()
    },
    isComplete: () => isComplete(view),
    list: (kind, tenant) => bodies(view, (one) => one.kind === kind && one.tenant === tenant),
    all: (kind) => bodies(view, (one) => one.kind === kind),
    version: (kind) => view.versions.get(kind) ?? 0,
  }
}
