/** Records as somebody might send who wants to break what reads them: samples of every format, with parts of them replaced. */
import { FORMATS } from '../../../services/collector/formats/registry.ts'
import type { FormatId } from '../../../services/collector/normalise.ts'
import { samplesOf } from '../../conformance/formats/samples.ts'

/** A request of one record. */
interface Sample {
  readonly format: FormatId
  readonly address: string
  readonly text: string
}

export interface Fuzzed {
  readonly format: FormatId
  readonly address: string
  readonly body: string
}

const WORDS = [
  '',
  'null',
  '__proto__',
  'constructor',
  '\u0000',
  '\ud800',
  '\u202e',
  '请发送',
  '<a',
  '"',
  '\\',
  '{"a":',
  '[[',
  'https://a.b/?u=https://c.d',
  '1e999',
  '-0',
  '9007199254740993',
  '../../etc/passwd',
  "'; DROP TABLE events; --",
  'password=x',
  'eyJa.b.c',
  'curl $(echo a | base64 -d)',
  '2026-13-45T99:99:99Z',
]
const JUNK: readonly unknown[] = [null, true, 0, -1, 1e308, [], {}, [null], { a: { b: [1] } }, [[[[[[]]]]]]]
const REPEATS_MAX = 400
const CHANGES_MAX = 4

/** A whole number below `max`, from a seed: xorshift32. */
export function createBelow(seed: number): (max: number) => number {
  let state = seed | 0 || 1
  return (max) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % max
  }
}

type Below = (max: number) => number

function junk(below: Below): unknown {
  const word = WORDS[below(WORDS.length)] ?? ''
  const kind = below(4)
  if (kind === 0) return structuredClone(JUNK[below(JUNK.length)])
  return kind === 1 ? word.repeat(below(REPEATS_MAX)) : word
}

/** Replaces one value of a structure, at whatever depth. */
function changeOne(value: unknown, below: Below): unknown {
  if (typeof value !== 'object' || value === null || below(6) === 0) return junk(below)
  const keys = Object.keys(value)
  const key = keys[below(Math.max(1, keys.length))]
  if (key === undefined) return junk(below)
  const held = value as Record<string, unknown>
  if (below(8) === 0)
    Object.defineProperty(held, WORDS[below(WORDS.length)] ?? '', {
      value: junk(below),
      enumerable: true,
      writable: true,
      configurable: true,
    })
  else held[key] = changeOne(held[key], below)
  return value
}

/** Gives one record after the other, for ever. */
export async function createFuzzed(below: Below): Promise<() => Fuzzed> {
  const samples: Sample[] = []
  for (const { id, address } of FORMATS) {
    const { own, split } = await samplesOf(id)
    for (const one of own.flatMap((request) => split(request)))
      samples.push({ format: id, address, text: JSON.stringify(one) })
  }
  return () => {
    const { format, address, text } = samples[below(samples.length)] as Sample
    let value: unknown = JSON.parse(text)
    for (let changes = below(CHANGES_MAX); changes >= 0; changes--) value = changeOne(value, below)
    const body = JSON.stringify(value) ?? 'null'
    // Now and then a body that breaks off.
    return { format, address, body: below(50) === 0 ? body.slice(0, below(body.length + 1)) : body }
  }
}
