/**
 * Fires when something that only administrators should reach answers a caller who has not signed in: a control endpoint
 * or an administrative act succeeds without a credential. High if the act changes something.
 *
 * Why: agents are run by panels, gateways and tool servers that were meant for one machine. One that answers everybody
 * is found within hours, and whoever finds it controls everything the agents have.
 *
 * Misses: panels whose requests are in no log; panels behind a password that everybody knows; an open panel that nobody
 * has found yet. What is public on purpose (reading a page, a bucket) is not reported.
 */
import Type from 'typebox'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector } from '../detector.ts'
import { isAnonymous } from '../lib/anonymous.ts'
import { consequenceOf, isChange } from '../lib/consequence.ts'

const DAY_MS = 86_400_000

const Settings = Type.Object({
  reads: Type.Boolean({ default: true, description: 'Also fire on control endpoints that are only read' }),
})

/** Paths and names under which control is offered. */
const PANEL =
  /(?:^|[^a-z0-9])(?:admin|administrator|administration|console|control[-_ ]?panel|actuator|management|phpmyadmin|kubelet|dashboard|debug|pprof|gateway\/config|agents?\/config|shell|terminal|vnc|jupyter|api\/kernels|swarm|cluster-admin|\.env|\.git)(?:$|[^a-z0-9])/i
/** Sign-in and health endpoints: answering anybody is what they are for. */
const FRONT_DOOR =
  /(?:^|[^a-z])(?:log-?in|sign-?in|sign-?up|register|oauth|authorize|token|health|healthz|status|ready|robots|favicon)(?:$|[^a-z])/i

const answered = (event: EventView): boolean => event.outcome === 'success'
const isPanel = (event: EventView): boolean => PANEL.test(event.target.slice(0, 512)) || PANEL.test(event.action)
const isAdmin = (event: EventView): boolean =>
  event.kind === 'admin' || event.kind === 'control' || event.kind === 'exec'

/** What was reached: the target up to the first path after its host, so that a crawl of one panel counts once. */
const placeOf = (target: string): string =>
  target.slice(0, 512).split(/[?#]/, 1)[0]?.split('/').slice(0, 4).join('/') ?? ''

export const exposedControlPanel = defineDetector({
  id: 'intent/exposed-control-panel',
  version: 2,

  title: 'Control panel open without a credential',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['outcome'], ['target']], learns_ms: 0 },
  techniques: ['T1133', 'AML.T0012', 'ASI03'],
  falsePositives: ['A panel behind a gateway that signs people in and whose log does not say who they are'],

  settings: Settings,
  key: 'identity',
  state: {},

  matches: (event) =>
    isAnonymous(event) && answered(event) && !FRONT_DOOR.test(event.target) && (isAdmin(event) || isPanel(event)),
  step({ event, time, settings }) {
    const consequence = consequenceOf(event)
    const changes = isChange(consequence) && event.activity !== 'read' && event.activity !== 'list'
    if (!changes && !settings.reads) return undefined
    const place = placeOf(event.target)
    return {
      why: `A caller without a credential${event.source_address === '' ? '' : `, ${event.source_address},`} ${changes ? 'changed something at' : 'was let into'} ${place || 'a control endpoint'} (${event.action}), which only administrators should reach.`,
      observed: { action: event.action, target: place, source: event.source_address, changes: changes ? 'yes' : 'no' },
      expected: { answers_without_a_credential: 0 },
      severity: changes ? 'high' : 'medium',
      level: changes ? 'high' : 'medium',
      window: `${Math.floor(time / DAY_MS)} ${place}`,
      rooted: false,
    }
  },
})
