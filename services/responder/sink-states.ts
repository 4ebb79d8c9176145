/**
 * The sinks as configured, and what is remembered of them. One that answered 410 is disabled until a person enables it or
 * its URL changes. One that let a delivery run through all its attempts is failing until it accepts one. Neither the URL
 * nor the secret is stored, only a hash of the URL.
 */
import { H } from '../../schemas/ids.ts'
import { hears, type NoticeType } from '../../schemas/notice.ts'
import { SINK_STATUSES, type SinkStatus, type SinkView } from '../../schemas/sink.ts'
import type { Sink } from '../lib/config.ts'
import { settingsOf } from '../lib/config/sinks.ts'
import { sinkTypeOf } from './sinks/registry.ts'
import type { Metrics } from '../lib/metrics.ts'
import type { StateStore, Transaction } from './store.ts'

export interface SinkState {
  readonly name: string
  readonly url_hash: string
  readonly status: SinkStatus
  readonly since: string
  readonly detail: string
  /** As it is configured, for processes that do not have the configuration; absent where an older version wrote it. */
  readonly shown?: SinkFacts
}

/** What is shown of a sink's configuration; null once it is no longer configured. */
type SinkFacts = Pick<SinkView, 'type' | 'tenant' | 'receives' | 'min_severity'> | null

export interface Sinks {
  restore(state: SinkState): void
  /** Puts another configuration in force. */
  configure(sinks: readonly Sink[]): void
  /** Writes down new configuration, so that every process can list it. */
  publish(store: Pick<StateStore, 'begin'>, nowMs: number): Promise<void>
  /** All of them, as they are. */
  states(): SinkState[]
  all(): readonly Sink[]
  get(name: string): Sink | undefined
  /** Sinks of a tenant that hear of notices of this type. */
  receiving(tenant: string, type: NoticeType): readonly Sink[]
  /** Whether a sink that has taken an order has confirmed it. One that is not configured any more counts as if it had. */
  confirms(name: string): boolean
  /** Why nobody can take an order of the tenant, for people; undefined where somebody can. */
  ordersProblem(tenant: string): string | undefined
  status(name: string): SinkState['status']
  /** Stages the change; the transaction is one of no tenant, because a sink may serve several. */
  mark(tx: Transaction, name: string, status: SinkState['status'], detail: string, nowMs: number): void
}

const urlHash = (sink: Sink): string => H('sink-url', sinkTypeOf(sink.type)?.destination(settingsOf(sink)) ?? '')

const factsOf = ({ type, tenant, receives, min_severity: floor }: Sink): SinkFacts => ({
  type,
  tenant,
  receives: [...receives],
  min_severity: floor,
})

/** `gauge`, if present, receives the status of every sink. */
export function createSinks(configured: readonly Sink[], gauge?: Metrics['sinkStatus']): Sinks {
  let sinks = configured
  const states = new Map<string, SinkState>()
  const get = (name: string): Sink | undefined => sinks.find((sink) => sink.name === name)
  const stateOf = (name: string): SinkState | undefined => {
    const sink = get(name)
    const state = states.get(name)
    // What another URL answered says nothing about this one.
    return sink !== undefined && state?.url_hash === urlHash(sink) ? state : undefined
  }
  const measure = (name: string, status: SinkStatus): void => {
    for (const one of SINK_STATUSES) gauge?.set({ sink: name, status: one }, one === status ? 1 : 0)
  }
  const write = (tx: Transaction, state: SinkState): void => {
    if (JSON.stringify(states.get(state.name)) === JSON.stringify(state)) return
    states.set(state.name, state)
    tx.put('sink', state.name, state)
  }
  const receiving = (tenant: string, type: NoticeType): readonly Sink[] =>
    sinks.filter((sink) => {
      const isTheirs = sink.tenant === tenant || sink.tenant === '*'
      return isTheirs && hears(sink.receives, type) && (sinkTypeOf(sink.type)?.tells?.includes(type) ?? true)
    })
  return {
    restore: (state) => states.set(state.name, state),
    configure: (next) => {
      sinks = next
      gauge?.reset()
    },
    async publish(store, nowMs) {
      const tx = store.begin('')
      const time = new Date(nowMs).toISOString()
      for (const sink of sinks) {
        const { name } = sink
        const state = stateOf(name) ?? { name, url_hash: urlHash(sink), status: 'ok', since: '', detail: '' }
        measure(name, state.status)
        write(tx, { ...state, since: state.since === '' ? time : state.since, shown: factsOf(sink) })
      }
      const gone = [...states.values()].filter(({ name, shown }) => get(name) === undefined && shown !== null)
      for (const state of gone) write(tx, { ...state, shown: null })
      await tx.commit()
    },
    states: () => [...states.values()],
    all: () => sinks,
    get,
    receiving,
    confirms: (name) => {
      const sink = get(name)
      return sink === undefined || sinkTypeOf(sink.type)?.confirmsOrders === true
    },
    ordersProblem(tenant) {
      const able = receiving(tenant, 'quarantine.requested').filter(({ type }) => sinkTypeOf(type)?.confirmsOrders)
      if (able.length === 0) return 'no sink receives orders, so it is not carried out'
      const disabled = able.filter(({ name }) => stateOf(name)?.status === 'disabled')
      if (disabled.length < able.length) return undefined
      return `not carried out, sink disabled: ${disabled.map(({ name }) => name).join(', ')}`
    },
    status: (name) => stateOf(name)?.status ?? 'ok',
    mark(tx, name, status, detail, nowMs) {
      const sink = get(name)
      if (sink === undefined) return
      const since = new Date(nowMs).toISOString()
      measure(name, status)
      write(tx, { name, url_hash: urlHash(sink), status, since, detail, shown: factsOf(sink) })
    },
  }
}
