/**
 * All formats. A new one is one file and one line here; the conformance suite in test/conformance runs over every entry.
 * The order is the order in which a body of unknown format is tried.
 */
import { cloudtrail } from './cloudtrail/index.ts'
import { events } from './events/index.ts'
import { otlp } from './otlp/index.ts'
import type { Format, Normaliser } from './types.ts'

export const NORMALISERS: readonly Normaliser[] = [otlp, cloudtrail, events]

export function normaliserFor(format: Format): Normaliser {
  const found = NORMALISERS.find((normaliser) => normaliser.format === format)
  if (found === undefined) throw new Error(`no normaliser for the format ${format}`)
  return found
}

/** The format of a parsed body, undefined where none recognises it. */
export const detectFormat = (body: unknown): Format | undefined =>
  NORMALISERS.find((normaliser) => normaliser.recognises(body))?.format
