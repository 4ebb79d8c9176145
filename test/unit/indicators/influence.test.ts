/** The session state of intent/influenced-action: bounded whatever comes, and its judgements stay between 0 and 1. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesOf, type ColumnArray, type Cursor, type Handles } from '../../../detectors/lib/columns.ts'
import { judge } from '../../../detectors/lib/influence/join.ts'
import {
  absorbCall,
  absorbResult,
  absorbTask,
  findValue,
  type InfluenceState,
  influenceFields,
  PLACE,
  placeOf,
  SOURCE,
  sourceOf,
} from '../../../detectors/lib/influence/state.ts'
import {
  INDICATOR_LIMITS as MAX,
  ORIGIN,
  type OrderIndicators,
  type ResultIndicators,
} from '../../../schemas/indicators.ts'

const ARRAYS = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f32: Float32Array, f64: Float64Array }

/** One row of the fields, as a table would lay it out. */
function freshState(): InfluenceState {
  const chunk: ColumnArray[] = []
  const cursor: Cursor = { chunk, slot: 0 }
  const handles: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(influenceFields)) {
    const first = chunk.length
    for (const column of Object.values(field.columns)) chunk.push(new ARRAYS[column.type](column.length))
    handles[name] = field.bind(cursor, first)
  }
  return handles as Handles<typeof influenceFields>
}

const hash = fc.integer({ min: 1, max: 400 })
const hashes = (max: number) => fc.array(hash, { maxLength: max })
const order: fc.Arbitrary<OrderIndicators> = fc.record({
  strength: fc.integer({ min: 0, max: 255 }),
  classes: fc.integer({ min: 0, max: 4095 }),
  stems: hashes(MAX.order_stems),
  context_stems: hashes(MAX.order_context_stems),
  values: hashes(MAX.order_values),
  author: hashes(MAX.order_author),
  item: fc.nat(9),
  cohesion: fc.nat(255),
})
const result: fc.Arbitrary<ResultIndicators> = fc
  .record({
    orders: fc.array(order, { maxLength: MAX.orders }),
    values: fc.uniqueArray(hash, { maxLength: MAX.result_values }),
    voice: fc.nat(1),
  })
  .map(({ orders, values, voice }) => ({
    voice,
    prose_sentences: orders.length,
    prose_not_understood: 0,
    orders,
    values,
    origins: values.map((value) => value % 6),
    items: values.map(() => 0),
  }))
const call = fc.record({
  verbs: hashes(MAX.verbs),
  nouns: hashes(MAX.nouns),
  classes: fc.integer({ min: 0, max: 4095 }),
  reads: fc.nat(1),
  arguments: fc.array(
    fc.record({ name: hash, short: fc.nat(1), stems: hashes(MAX.argument_stems), values: hashes(MAX.argument_values) }),
    {
      maxLength: MAX.arguments,
    },
  ),
})
const task = fc.record({
  stems: hashes(MAX.task_stems),
  common: hashes(MAX.task_stems),
  names: hashes(MAX.task_names),
  values: hashes(MAX.task_values),
  delegates: fc.nat(2),
  classes: fc.integer({ min: 0, max: 4095 }),
})

const from = { place: PLACE.elsewhere, sites: [], read: 0, mark: 0, touched: false, keep: () => -1 }
const showing = (values: readonly number[], origin: number): ResultIndicators => ({
  voice: 0,
  prose_sentences: 1,
  prose_not_understood: 0,
  orders: [],
  values: [...values],
  origins: values.map(() => origin),
  items: values.map(() => 0),
})

describe('the state of a session', () => {
  it('takes at most 12 kB', () => {
    expect(bytesOf(influenceFields)).toBeLessThanOrEqual(12 * 1024)
  })

  it('judges whatever comes between 0 and 1, the same every time', () => {
    fc.assert(
      fc.property(fc.option(task), fc.array(fc.tuple(call, result), { maxLength: 12 }), (said, steps) => {
        const scores = [freshState(), freshState()].map((state) => {
          if (said !== null) absorbTask(state, said)
          return steps.map(([made, answer]) => {
            const verdict = judge(state, made)
            const place = placeOf(state, made)
            absorbCall(state, made, verdict.score >= 0.4)
            absorbResult(state, answer, { ...from, place, mark: verdict.score, touched: verdict.evidence > 0 })
            return verdict
          })
        })
        expect(scores[0]).toEqual(scores[1])
        for (const { score, evidence, mandate } of scores[0] ?? []) {
          for (const part of [score, evidence, mandate]) {
            expect(part).toBeGreaterThanOrEqual(0)
            expect(part).toBeLessThanOrEqual(1)
          }
        }
      }),
      { numRuns: 200 },
    )
  })

  it('keeps what the user named when a flood of values pushes the rest out', () => {
    const state = freshState()
    absorbTask(state, { stems: [], common: [], names: [], values: [7], delegates: 0, classes: 0 })
    for (let n = 0; n < 12; n++) {
      absorbResult(
        state,
        showing(
          Array.from({ length: MAX.result_values }, (_, k) => 1_000 + n * 100 + k),
          ORIGIN.field,
        ),
        from,
      )
    }
    expect(sourceOf(state, 7)).toBe(SOURCE.task)
    expect(findValue(state, 1_000)).toBe(-1)
    expect(sourceOf(state, 1_000 + 11 * 100)).toBe(SOURCE.field)
  })

  it('remembers who brought a value first, until a record that nobody steered holds it, too', () => {
    const state = freshState()
    absorbResult(state, showing([9], ORIGIN.order), from)
    absorbResult(state, showing([9], ORIGIN.field), { ...from, touched: true })
    expect(sourceOf(state, 9)).toBe(SOURCE.order)
    absorbResult(state, showing([9], ORIGIN.field), from)
    expect(sourceOf(state, 9)).toBe(SOURCE.field)
  })

  it('takes what a later message of the user names for the user’s own', () => {
    const state = freshState()
    absorbResult(state, showing([9], ORIGIN.order), { ...from, mark: 0.8 })
    absorbTask(state, { stems: [], common: [], names: [], values: [9], delegates: 0, classes: 0 })
    expect(sourceOf(state, 9)).toBe(SOURCE.task)
  })
})
