/**
 * Disables clock and random while a function runs: using them throws. `prove` runs the core this way, because a core that
 * reads either cannot be replayed. A date made from a given time still works.
 */
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'

function refuse(what: string): () => never {
  return () => {
    throw new Error(`the core asked for ${what}: results must depend on the log alone`)
  }
}

const RealDate = Date

/** A Date that knows no present. */
const timelessDate = new Proxy(RealDate, {
  apply: refuse('the time of day, by Date()'),
  construct(target, given: unknown[], made) {
    if (given.length === 0) refuse('the time of day, by new Date()')()
    return Reflect.construct(target, given, made) as object
  },
  get: (target, key, receiver): unknown =>
    key === 'now' ? refuse('the time of day, by Date.now()') : Reflect.get(target, key, receiver),
})

/** Owner, name, and what it would return. */
const SOURCES: readonly (readonly [object, string, string])[] = [
  [Math, 'random', 'a random number'],
  [performance, 'now', 'the time since the start'],
  [process, 'hrtime', 'the time since the start'],
  [globalThis.crypto, 'getRandomValues', 'random bytes'],
  [globalThis.crypto, 'randomUUID', 'a random id'],
  [crypto, 'randomBytes', 'random bytes'],
  [crypto, 'randomInt', 'a random number'],
  [crypto, 'randomUUID', 'a random id'],
  [globalThis, 'fetch', 'the network'],
]

/** Runs `work`, which must be synchronous: what it starts and does not finish has clock and random again. */
export function withoutClockAndRandom<T>(work: () => T): T {
  const before = SOURCES.map(([owner, name]) => Object.getOwnPropertyDescriptor(owner, name))
  try {
    for (const [owner, name, what] of SOURCES) {
      // hrtime has a second form as a property of its function.
      const value = Object.assign(refuse(what), { bigint: refuse(what) })
      Object.defineProperty(owner, name, { value, configurable: true, writable: true })
    }
    globalThis.Date = timelessDate
    syncBuiltinESMExports()
    return work()
  } finally {
    globalThis.Date = RealDate
    SOURCES.forEach(([owner, name], i) => {
      const descriptor = before[i]
      if (descriptor === undefined) Reflect.deleteProperty(owner, name)
      else Object.defineProperty(owner, name, descriptor)
    })
    syncBuiltinESMExports()
  }
}
