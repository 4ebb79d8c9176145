/**
 * Fires when an identity reads many secrets within an hour that it never read (keys, passwords, tokens, vault entries),
 * more than its own hours explain.
 *
 * Why: a job needs its own few secrets and reads them again and again. An identity that reads one after another that it
 * never needed is collecting what it can use next.
 *
 * Misses: fewer than four, and one an hour; the first day of a new version of an agent, which may need other secrets;
 * an identity that rotates or scans secrets, while it keeps its pace; secrets returned inside other things (a file, an
 * environment).
 */
import { counted } from '../../schemas/counted.ts'
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector } from '../detector.ts'
import { pace, PACE_WINDOW_MS } from '../habits/pace.ts'
import { targets } from '../habits/targets.ts'
import { versions } from '../habits/versions.ts'
import { actWords, hasWord, wordSet } from '../lib/act-words.ts'
import { distinct, small } from '../lib/fields.ts'
import { countLogTail, surpriseOf } from '../lib/maths.ts'
import { hasFailed } from '../lib/outcome.ts'

const DAY_MS = 86_400_000
const COUNTED = 13

const Settings = Type.Object({
  secrets_min: Type.Integer({
    default: 4,
    minimum: 2,
    maximum: COUNTED,
    description: 'Different secrets new to the identity, read within an hour',
  }),
  secrets_high: Type.Integer({
    default: 12,
    minimum: 2,
    maximum: COUNTED,
    description: 'The same, from which it is high',
  }),
  surprise_min: Type.Number({
    default: 4,
    description: '-log10 of the probability of so many in an hour of this identity',
  }),
  peak_factor: Type.Number({ default: 1.5, description: 'Times the largest hour of the identity' }),
  history_ms: Type.Integer({ default: 3 * DAY_MS, description: 'Age before a secret counts as new' }),
})

const READS = wordSet('get read fetch retrieve show view reveal export download access open decrypt list')
const SECRETS = wordSet(
  'secret password passwd passphrase credential vault keystore keychain token apikey accesskey key',
)
/** Reading the description of a key or the list of its owner's keys gives none of them away. */
const HARMLESS = wordSet('metadata policy description quota usage count status alias tag rotate rotation')

function readsSecret(event: EventView): boolean {
  if (event.target === '' || hasFailed(event)) return false
  const words = actWords(event)
  return hasWord(words, READS) && hasWord(words, SECRETS) && !hasWord(words, HARMLESS)
}

export const secretHarvest = defineDetector({
  id: 'credential/secret-harvest',
  version: 1,

  title: 'Many secrets read within an hour',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['action'], ['target']], learns_ms: 3 * 86_400_000 },
  techniques: ['T1552', 'T1528', 'AML.T0098', 'AML.T0083', 'ASI03'],
  falsePositives: ['A new rotation or backup of secrets: quiet once it has a habit'],

  settings: Settings,
  key: 'identity',
  uses: { pace, targets, versions },
  state: {},
  window: {
    lengthMs: PACE_WINDOW_MS,
    state: { secrets: distinct({ exact: COUNTED }), level: small() },
  },

  matches: readsSecret,
  step({ event, time, since, settings, habits, openWindow }) {
    if (time - since < settings.history_ms || !habits.targets.isNew || habits.versions.isFresh) return undefined
    const window = openWindow()
    if (!window.secrets.add(hash32(event.target))) return undefined
    const count = window.secrets.count
    if (count < settings.secrets_min || count < settings.peak_factor * habits.pace.peak('reaches')) return undefined
    const usual = habits.pace.usual('reaches')
    const surprise = surpriseOf(countLogTail(count, usual.mean, usual.variance))
    if (surprise < settings.surprise_min) return undefined
    const level = count >= settings.secrets_high ? 2 : 1
    if (level <= window.level.value) return undefined
    window.level.value = level
    return {
      why: `${event.identity} read ${counted(count, 'secret')} within an hour that it never read before, most recently ${event.target}; its usual hour has ${Math.round(usual.mean * 10) / 10} actions on permissions, credentials or logging.`,
      observed: { secrets_new: count, action: event.action },
      evidenceCount: count,
      expected: { reaches_per_hour: usual.mean, largest_hour: habits.pace.peak('reaches') },
      surprise,
      severity: level === 2 ? 'high' : 'medium',
      level: String(level),
      rooted: false,
      learnedSince: since,
    }
  },
})
