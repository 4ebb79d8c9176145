/**
 * Fires when an agent or service makes something that lets it continue without its owner (a key, role, agent, wallet,
 * schedule or machine) under its own name, or several kinds of these that it never made before, and nobody approved it.
 *
 * Why: that is how an identity outlives the revocation of its key. Each of these acts is somebody's job. An agent that
 * does them for itself, or suddenly several kinds of them, is not doing its own.
 *
 * Misses: an identity whose job is to provision, while it makes what it always makes under other names; a single act
 * under a neutral name; what is bought from a stranger by a plain request.
 */
import { counted } from '../../schemas/counted.ts'
import Type from 'typebox'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector, type Step } from '../detector.ts'
import { actWords, firstWord, hasWord, namesItself, wordSet } from '../lib/act-words.ts'
import { evidenceList, evidenceOf } from '../lib/evidence.ts'
import { counter } from '../lib/fields.ts'

const DAY_MS = 86_400_000

const Settings = Type.Object({
  kinds_min: Type.Integer({
    default: 2,
    minimum: 2,
    description: 'Kinds of things made within a week that the identity never made before',
  }),
  history_ms: Type.Integer({ default: 3 * DAY_MS, description: 'Age of an identity before a kind counts as new' }),
})

const MAKES = wordSet('create add new make mint generate register provision launch issue put import schedule open')
/** What one can act with or through, in groups: two words of one group are one kind. */
const KINDS = [
  wordSet('key apikey accesskey credential token secret certificate password loginprofile'),
  wordSet('user account identity principal serviceaccount'),
  wordSet('agent bot assistant worker'),
  wordSet('role policy rolebinding grant permission'),
  wordSet('wallet card'),
  wordSet('schedule scheduler cron cronjob trigger webhook rule'),
  wordSet('instance server host vm machine container function lambda droplet'),
]
const ALL = new Set(KINDS.flatMap((kind) => [...kind]))
/** Names in which the words above mean something else: a key of a record, a card of a board. */
const HARMLESS = wordSet(
  'comment file note document page ticket issue message event object record row table cache board',
)

const rest = { made: counter() }
const open = { bits: counter(), own: counter(), evidence: evidenceList({ bytes: 440 }) }
type Context = Step<Type.Static<typeof Settings>, typeof rest, typeof open>

function kindOf(event: EventView): number {
  const words = actWords(event)
  if (!hasWord(words, MAKES) || hasWord(words, HARMLESS)) return -1
  const word = firstWord(words, ALL)
  return word === undefined ? -1 : KINDS.findIndex((kind) => kind.has(word))
}

const bitsIn = (bits: number): number => {
  let count = 0
  for (let left = bits; left !== 0; left &= left - 1) count++
  return count
}

const matches = (event: EventView): boolean =>
  event.principal_kind !== 'person' &&
  event.outcome !== 'denied' &&
  event.outcome !== 'failure' &&
  event.activity !== 'read' &&
  event.activity !== 'list' &&
  kindOf(event) >= 0

/** Counts the act in its window; answers how many kinds are new and how many things bear the identity's own name. */
function count({ event, time, since, settings, state, openWindow }: Context): readonly [fresh: number, own: number] {
  const bit = 2 ** kindOf(event)
  const known = (state.made.value & bit) !== 0
  const own = namesItself(event)
  const isNew = !known && time - since >= settings.history_ms
  state.made.value |= bit
  const window = openWindow()
  if (own) window.own.value++
  if (isNew) window.bits.value |= bit
  if (own || isNew) window.evidence.add(evidenceOf(event))
  return [bitsIn(window.bits.value), window.own.value]
}

export const selfProvisioning = defineDetector({
  id: 'identity/self-provisioning',
  version: 1,

  title: 'An agent created resources for itself',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['action']], learns_ms: 3 * 86_400_000 },
  techniques: ['T1098.001', 'T1136', 'ASI10'],
  falsePositives: ['An agent that takes over provisioning: record the approval of the change with its acts'],

  settings: Settings,
  key: 'identity',
  state: rest,
  window: { lengthMs: 7 * DAY_MS, state: open },

  matches,
  step(context) {
    const { event, settings } = context
    if (event.approval !== '') {
      context.state.made.value |= 2 ** kindOf(event)
      return undefined
    }
    const known = (context.state.made.value & (2 ** kindOf(event))) !== 0
    if (known && !namesItself(event)) return undefined
    const [fresh, own] = count(context)
    if (own === 0 && fresh < settings.kinds_min) return undefined
    const isHigh = own >= 2 || (own >= 1 && fresh >= 2) || fresh >= settings.kinds_min + 2
    const what =
      own > 0
        ? `${counted(own, 'resource')} with its own name`
        : `${counted(fresh, 'kind')} of resources that it never created before`
    return {
      why: `${event.identity} created ${what} (most recently ${event.action} on ${event.target || 'no named target'}) without an approval: these let it continue without its owner.`,
      observed: { named_after_itself: own, kinds_new: fresh, action: event.action, target: event.target },
      expected: { named_after_itself: 0, kinds_new_max: settings.kinds_min - 1 },
      severity: isHigh ? 'high' : 'medium',
      level: isHigh ? 'high' : 'medium',
      evidence: context.openWindow().evidence.list(),
      rooted: false,
    }
  },
})
