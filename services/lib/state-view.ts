/**
 * What the topic `state` holds at the moment, for processes that do not write it: the newest body of each thing, followed
 * as the responder writes. A partition is read as a whole when this process gets it, and again after trouble, so that what
 * was removed meanwhile does not stay; until the new reading is complete the one before it answers.
 *
 * It follows as the only member of a group of its own, because every process needs all of the state. Nothing is committed.
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
  /** What is kept; the rest is read over. */
  readonly kinds: readonly StateKind[]
}

export interface StateView {
  /** Resolves once everything that was there has been read. Throws LogError where the log cannot be read. */
  start(): Promise<void>
  stop(): Promise<void>
  /** Whether every partition has been read once. While following is interrupted, what was read last answers. */
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

export function createStateView({ log, logger, group, kinds }: StateViewOptions): StateView {
  const partitions = new Map<number, Things>()
  const versions = new Map<StateKind, number>()
  const complete = Promise.withResolvers<void>()

  function apply(things: Things, { key, value, offset }: LogRecord, partition: number): void {
    const address = parseStateKey(key ?? '')
    if (address === undefined || !kinds.includes(address.kind)) return
    const { kind, tenant, sequence } = address
    versions.set(kind, (versions.get(kind) ?? 0) + 1)
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

  function handler(partition: number): PartitionHandler {
    let things: Things = new Map()
    return {
      async start() {
        const { end } = await log.bounds(TOPIC, partition)
        things = new Map()
        for await (const record of log.read(TOPIC, partition)) apply(things, record, partition)
        partitions.set(partition, things)
        for (const kind of kinds) versions.set(kind, (versions.get(kind) ?? 0) + 1)
        if (isComplete()) complete.resolve()
        return end
      },
      async process(batch) {
        for (const record of batch.records) apply(things, record, partition)
      },
      stop: () => Promise.resolve(),
    }
  }

  const isComplete = (): boolean => partitions.size === log.partitions(TOPIC)

  const bodies = (isMeant: (one: Thing) => boolean): unknown[] =>
    [...partitions.values()].flatMap((things) => [...things.values()].filter(isMeant).map(({ body }) => body))

  const consumer = createSteadyConsumer({
    log,
    logger,
    what: 'following the state',
    group,
    topics: [TOPIC],
    handler: (_topic, partition) => handler(partition),
  })

  return {
    async start() {
      await consumer.start()
      await complete.promise
    },
    async stop() {
      complete.resolve()
      await consumer.stop()
    },
    isComplete,
    list: (kind, tenant) => bodies((one) => one.kind === kind && one.tenant === tenant),
    all: (kind) => bodies((one) => one.kind === kind),
    version: (kind) => versions.get(kind) ?? 0,
  }
}
