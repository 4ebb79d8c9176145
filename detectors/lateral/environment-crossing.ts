/**
 * Fires when an agent or service that has worked in its own environment for days changes or runs something, or acts on
 * permissions or credentials, in another one where nobody in its role ever did. Medium if the name shows a rise: from
 * development to staging or production. Low otherwise, because every release also changes other environments of the
 * same stage.
 *
 * Why: an environment is a wall. What runs in development and suddenly acts in production has somebody else's key, or a
 * key with too wide a scope.
 *
 * Misses: mere reading; log sources that name no environment, and names that show no stage, which are low; people, who
 * go everywhere; what an identity did in its first days; a role of which one member already works there.
 */
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import { defineDetector } from '../detector.ts'
import { versions } from '../habits/versions.ts'
import { isAnonymous } from '../lib/anonymous.ts'
import { isApproved } from '../lib/approval.ts'
import { consequenceOf, isChange } from '../lib/consequence.ts'
import { small } from '../lib/fields.ts'
import { seenFilter } from '../lib/filter.ts'
import { askOfRole, nobodyBefore } from '../lib/nobody-before.ts'

const DAY_MS = 86_400_000

const Settings = Type.Object({
  history_ms: Type.Integer({ default: 3 * DAY_MS, description: 'Age of an identity before an environment is another' }),
})

/** The stages of software, from the lowest; by the words in which environments are named everywhere. */
const STAGES: readonly RegExp[] = [
  /(?:^|[^a-z])(?:dev|devel|development|sandbox|lab|local)(?:$|[^a-z])/i,
  /(?:^|[^a-z])(?:test|testing|qa|uat|int|integration|stage|staging|preprod|pre-prod)(?:$|[^a-z])/i,
  /(?:^|[^a-z])(?:prod|production|prd|live)(?:$|[^a-z])/i,
]
/** 1 to 3; 0 if the name shows no stage. */
const stageOf = (environment: string): number => STAGES.findIndex((words) => words.test(environment)) + 1

export const environmentCrossing = defineDetector({
  id: 'lateral/environment-crossing',
  version: 2,

  title: 'An identity acts in an environment that is not its own',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['environment'], ['action', 'activity']], learns_ms: 3 * DAY_MS },
  techniques: ['T1021.007', 'ASI03'],
  falsePositives: [
    'The first of a role that is rolled out to a new region or account: record the approval of the release',
  ],

  settings: Settings,
  key: 'identity',
  uses: { versions },
  /** In which environments it has acted, in its first days in any way, later by a change; and the highest stage of them. */
  state: { known: seenFilter({ bytes: 4 }), highest: small() },

  matches: (event) =>
    event.principal_kind !== 'person' &&
    event.environment !== '' &&
    (event.outcome === 'success' || event.outcome === 'unknown') &&
    !isAnonymous(event),
  step({ event, time, since, habits, state, settings, send }) {
    const environment = hash32(event.environment)
    if (state.known.has(environment)) return undefined
    const isYoung = time - since < settings.history_ms
    const changes = isChange(consequenceOf(event))
    if (!changes && !isYoung) return undefined
    const [stage, highest] = [stageOf(event.environment), state.highest.value]
    state.known.add(environment)
    state.highest.value = Math.max(stage, highest)
    const ask = askOfRole(event, event.environment)
    send(ask)
    if (isYoung || isApproved(event)) return undefined
    const rises = highest > 0 && stage > highest
    return {
      why: `${event.identity} acted in ${event.environment} (${event.action}), where neither it nor anybody else of its role changed anything before.`,
      observed: { environment: event.environment, action: event.action, target: event.target },
      expected: { of_its_role_before: 'at least one' },
      // A new version may be what brings it there: that is for looking up.
      severity: rises && !habits.versions.isFresh ? 'medium' : 'low',
      window: Math.floor(time / DAY_MS),
      rooted: false,
      learnedSince: since,
      ask,
    }
  },

  second: nobodyBefore('peer_group', 'there'),
})
