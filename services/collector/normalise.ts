/**
 * Bodies and values to canonical events, for callers that are not inputs: `replay`, `prove`, `eval`, the tests. The steps
 * are the same as behind the inputs, so an event's id depends on the producer's data and not on how it arrived.
 */
import { setImmediate } from 'node:timers/promises'
import { LIMITS } from '../../schemas/limits.ts'
import type { FormatChoice, NormaliseContext } from './formats/format.ts'
import { envelopeSteps, type NormaliseResult, type Steps } from './formats/read-envelopes.ts'
import { type Form, type Unpacked, unpackBody } from './unpack.ts'

export type { FormatId, NormaliseContext } from './formats/format.ts'
export type { Normalised, NormaliseResult, Rejected } from './formats/read-envelopes.ts'

/** Works through all steps at once. */
function drain<T>(steps: Generator<undefined, T, undefined>): T {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** Works through the steps and lets other work of the process have its turn now and then. `before` is called before each. */
export async function drainInTurns<T>(steps: Generator<undefined, T, undefined>, before?: () => void): Promise<T> {
  for (let count = 1; ; count++) {
    before?.()
    const step = steps.next()
    if (step.done === true) return step.value
    if (count % LIMITS.records_per_turn_max === 0) await setImmediate()
  }
}

/** The steps for an unpacked body. */
export function* unpackedSteps(unpacked: Unpacked, context: NormaliseContext): Steps {
  return unpacked.ok ? yield* envelopeSteps(unpacked.envelopes, context) : unpacked
}

/** Normalises the bytes of one request. */
export const normaliseBody = (
  format: FormatChoice,
  body: Buffer,
  form: Form,
  context: NormaliseContext,
): NormaliseResult => drain(unpackedSteps(unpackBody(format, body, form), context))

/** Normalises a value that is parsed already. */
export const normalise = (format: FormatChoice, value: unknown, context: NormaliseContext): NormaliseResult =>
  drain(envelopeSteps([{ format, value }], context))
