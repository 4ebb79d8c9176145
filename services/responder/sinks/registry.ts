/** Every type of sink, one line each. */
import { alertmanager } from './alertmanager/index.ts'
import { elasticsearch } from './elasticsearch/index.ts'
import { http } from './http/index.ts'
import { kafka } from './kafka/index.ts'
import { opsgenie } from './opsgenie/index.ts'
import { otlp } from './otlp/index.ts'
import { pagerduty } from './pagerduty/index.ts'
import type { AnySinkType } from './sink-type.ts'
import { slack } from './slack/index.ts'
import { smtp } from './smtp/index.ts'
import { splunkHec } from './splunk-hec/index.ts'
import { syslog } from './syslog/index.ts'
import { teams } from './teams/index.ts'
import { webhook } from './webhook/index.ts'

export const SINK_TYPES: readonly AnySinkType[] = [
  webhook,
  http,
  slack,
  teams,
  pagerduty,
  opsgenie,
  smtp,
  syslog,
  splunkHec,
  elasticsearch,
  kafka,
  otlp,
  alertmanager,
]

const BY_NAME: ReadonlyMap<string, AnySinkType> = new Map(SINK_TYPES.map((type) => [type.type, type]))

/** The type of this name; undefined if there is none. */
export const sinkTypeOf = (name: string): AnySinkType | undefined => BY_NAME.get(name)
