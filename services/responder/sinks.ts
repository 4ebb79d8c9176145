/**
 * The sinks as configured, and what is remembered of them: one that answered 410 is disabled until a person enables it or
 * its URL changes; one that let a delivery run through all its attempts is failing until it takes one. Neither the URL nor
 * the secret is written down, only a hash of the URL.
 */
import type { DeliveryType } from '../../schemas/delivery.ts'
import { receivesOf, TOLD_TO_ALL } from '../../schemas/delivery.ts'
import { H } from '../../schemas/ids.ts'
import type { Sink } from '../lib/config.ts'
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
  /** Sinks of a tenant that take webhooks of this type. */
  receiving(tenant: string, type: DeliveryType): readonly Sink[]
  status(name: string): SinkState['status']
  /** Stages the change; the transaction is one of no tenant, because a sink may serve several. */
  mark(tx: Transaction, name: string, status: SinkState['status'], detail: string, nowMs: number): void
}

const urlHash = (sink: Sink): string => H('sink-url', sink.url)

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
  return {
    restore: (state) => states.set(state.name, state),
    configure: (next) => {
      sinks = next
    },
    all: () => sinks,
    get,
    receiving: (tenant, type) =>
      sinks.filter(
        (sink) =>
          (sink.tenant === tenant || sink.tenant === '*') &&
          (TOLD_TO_ALL.has(type) || sink.receives.includes(receivesOf(type))),
      ),
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
