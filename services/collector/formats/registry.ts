/**
 * All formats. A new one is one folder and one line here; the conformance suite in test/conformance runs over every entry.
 * The order is the order in which a value of unknown format is tried.
 */
import { anthropic } from './anthropic/index.ts'
import { cloudtrail } from './cloudtrail/index.ts'
import { events } from './events/index.ts'
import type { Format, FormatId } from './format.ts'
import { entra } from './entra/index.ts'
import { gcp } from './gcp/index.ts'
import { github } from './github/index.ts'
import { kubernetesAudit } from './kubernetes-audit/index.ts'
import { okta } from './okta/index.ts'
import { openai } from './openai/index.ts'
import { otlp } from './otlp/index.ts'
import { toolhive } from './toolhive/index.ts'

export const FORMATS: readonly Format[] = [
  otlp,
  cloudtrail,
  events,
  kubernetesAudit,
  github,
  okta,
  gcp,
  entra,
  anthropic,
  openai,
  toolhive,
]

export const FORMAT_IDS: readonly FormatId[] = FORMATS.map(({ id }) => id)
