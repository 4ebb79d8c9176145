/**
 * All inputs. A new one is one folder and one line here; the conformance suite in test/conformance runs over every entry.
 */
import { elasticsearch } from './elasticsearch/index.ts'
import { firehose } from './firehose/index.ts'
import { http } from './http/index.ts'
import type { Input } from './input.ts'
import { loki } from './loki/index.ts'
import { otlp } from './otlp/index.ts'
import { splunkHec } from './splunk-hec/index.ts'

export const INPUTS: readonly Input[] = [otlp, http, splunkHec, elasticsearch, loki, firehose]

export function inputOf(id: string): Input {
  const found = INPUTS.find((input) => input.id === id)
  if (found === undefined) throw new Error(`there is no input ${id}`)
  return found
}
