/**
 * The sinks as configured, and what is remembered of them: one that answered 410 is disabled until a person enables it or
 * its URL changes; one that let a delivery run through all its attempts is failing until it takes one. Neither the URL nor
 * the secret is written down, only a hash of the URL.
 */
import { H } from '../../schemas/ids.ts'
import { hears, type NoticeType } from '../../schemas/notice.ts'
import type { Sink } from '../lib/config.ts'
import { settingsOf } from '../lib/config/sinks.ts'
import { sinkTypeOf } from './sinks/registry.ts'
import type { Transaction } from './store.ts'

export interface SinkState {
  readonly name: string
  readonly url_hash: string
  readonly status: 'ok' | 'failing' | 'disabled'
  readonly since: string
  readonly detail: string
}

export interface Sinks {
  restore(state: SinkState): void
  /** Puts another configuration in force. */
  configure(sinks: readonly Sink[]): void
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

export function createSinks(configured: readonly Sink[]): Sinks {
  let sinks = configured
  const states = new Map<string, SinkState>()
  const get = (name: string): Sink | undefined => sinks.find((sink) => sink.name === name)
  const stateOf = (name: string): SinkState | undefined => {
    const sink = get(name)
    const state = states.get(name)
    // What another URL answered says nothing about this one.
    return sink !== undefined && state?.url_hash === urlHash(sink) ? state : undefined
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
    },
    all: () => sinks,
    get,
    receiving,
    confirms: (name) => {
      const sink = get(name)
      return sink === undefined || sinkTypeOf(sink.type)?.confirmsOrders === true
    },
    ordersProblem(tenant) {
      const able = receiving(tenant, 'quarantine.requested').filter(({ type }) => sinkTypeOf(type)?.confirmsOrders)
      if (able.length === 0) return 'no sink receives orders: nobody carries it out'
      const disabled = able.filter(({ name }) => stateOf(name)?.status === 'disabled')
      if (disabled.length < able.length) return undefined
      return `nobody carries it out: ${disabled.map(({ name }) => name).join(', ')} disabled`
    },
    status: (name) => stateOf(name)?.status ?? 'ok',
    mark(tx, name, status, detail, nowMs) {
      const sink = get(name)
      if (sink === undefined) return
      const state = { name, url_hash: urlHash(sink), status, since: new Date(nowMs).toISOString(), detail }
      states.set(name, state)
      tx.put('sink', name, state)
    },
  }
}
