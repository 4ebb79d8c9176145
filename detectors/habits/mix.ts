/**
 * What an identity's work is made of, lately and long ago: the shares of eight classes of acts. Recent counts lose a fifth
 * with each active day (half-life three active days). The usual shares follow them by a sixteenth a day, so that a mix that
 * moves a little every day leaves its own past behind. Under a new version of the agent they are learned as fast again as in
 * its first days.
 *
 * Classes: acts that only look, in four parts by their name; writes, in two; what runs or sends; what deletes or reaches for
 * permissions, credentials or logging. Names decide within a class, so that a change of tools of one kind shows, too.
 */
import type { EventView } from '../../schemas/event.ts'
import { hash32 } from '../../schemas/ids.ts'
import type { Handles } from '../lib/columns.ts'
import { consequenceOf, isReach } from '../lib/consequence.ts'
import { counts } from '../lib/counts.ts'
import { short, small } from '../lib/fields.ts'
import { defineHabit } from './habit.ts'

const DAY_MS = 86_400_000
const CLASSES = 8
/** What a day keeps of the recent counts, and how far the usual shares move toward them; further in the first days. */
const KEPT = 0.8
const FOLLOWS = 1 / 16
/** As if so many days were known, at most, when the version changes. */
const DAYS_OF_VERSION = 4
/** Shares are kept in parts of it. */
const WHOLE = 255

export const MIX_WORDS = [
  'reads and lists',
  'reads and lists',
  'reads and lists',
  'reads and lists',
  'writes',
  'writes',
  'commands and messages',
  'deletions, and actions on permissions, credentials or logging',
] as const

export interface Mix {
  /** This event is the first of an active day: the shares are those up to the day before. */
  readonly isNewDay: boolean
  /** Active days learned, at most 255. */
  readonly days: number
  /** Recent acts, older ones weighing less: what the recent shares rest on. */
  readonly recent: number
  /** Half the sum of differences between recent and usual shares: 0 for the same mix, 1 for another one. */
  readonly moved: number
  /** What `moved` is by chance alone: the mean distance of so few recent acts from the usual shares that they are drawn from. */
  readonly movedByChance: number
  /** What `moved` usually is. */
  readonly movesUsually: number
  /** The class that grew most, an index of MIX_WORDS, and its shares. */
  readonly grown: number
  readonly share: number
  readonly usualShare: number
}

const state = {
  recent: counts(CLASSES),
  usual: counts(CLASSES),
  /** The newest active day since 1970, and how many there were. */
  day: short(),
  days: small(),
  /** Mean of `moved`, in parts of WHOLE. */
  moves: small(),
  /** The version, as a number from 1 to 255; 0: none was named. */
  version: small(),
}
type State = Handles<typeof state>
type View = { -readonly [K in keyof Mix]: Mix[K] }

function classOf(event: EventView): number {
  const consequence = consequenceOf(event)
  const part = hash32(event.action)
  if (isReach(consequence) || consequence === 'delete') return 7
  if (consequence === 'execute' || consequence === 'send') return 6
  return consequence === 'write' ? 4 + (part & 1) : part & 3
}

/** Compares what was recent with what is usual, before either moves. */
function compare(s: State, view: View): void {
  const [recent, usual] = [s.recent.total, s.usual.total]
  view.recent = recent
  view.days = s.days.value
  view.movesUsually = s.moves.value / WHOLE
  view.moved = 0
  view.movedByChance = 0
  view.share = 0
  view.usualShare = 0
  if (recent === 0 || usual === 0) return
  let most = 0
  for (let k = 0; k < CLASSES; k++) {
    const [now, before] = [s.recent.at(k) / recent, s.usual.at(k) / usual]
    view.moved += Math.abs(now - before) / 2
    // Mean of |share - p| / 2 for n draws, by the normal approximation.
    view.movedByChance += Math.sqrt((before * (1 - before)) / (2 * Math.PI * recent))
    if (now - before <= most) continue
    most = now - before
    view.grown = k
    view.share = now
    view.usualShare = before
  }
}

/** The usual shares follow the recent ones, which then make room for the new day. */
function turn(s: State, { days, recent, moved }: View): void {
  const follows = Math.max(FOLLOWS, 1 / (days + 1))
  for (let k = 0; k < CLASSES && recent > 0; k++) {
    const held = s.usual.at(k)
    s.usual.set(k, Math.round(held + follows * ((WHOLE * s.recent.at(k)) / recent - held)))
  }
  for (let k = 0; k < CLASSES; k++) s.recent.set(k, Math.round(KEPT * s.recent.at(k)))
  s.moves.value = Math.round(s.moves.value + follows * (WHOLE * moved - s.moves.value))
  s.days.value = Math.min(255, days + 1)
}

/** Notes the version. A changed one makes what is known count as a few days, so that the usual shares are learned anew. */
function noteVersion(s: State, { agent_version: version }: EventView): void {
  if (version === '') return
  const print = 1 + (hash32(version) % 255)
  if (s.version.value !== 0 && s.version.value !== print) s.days.value = Math.min(s.days.value, DAYS_OF_VERSION)
  s.version.value = print
}

const isWork = (event: EventView): boolean => event.kind !== 'control' && event.action !== 'user.message'

export const mix = defineHabit<Mix, typeof state>({
  id: 'mix',
  version: 1,
  state,
  open({ state: s }) {
    let day = 0
    const view: View = {
      isNewDay: false,
      days: 0,
      recent: 0,
      moved: 0,
      movedByChance: 0,
      movesUsually: 0,
      grown: 0,
      share: 0,
      usualShare: 0,
    }
    return {
      view,
      look({ event, time, late }) {
        day = Math.floor(time / DAY_MS)
        view.isNewDay = !late && day > s.day.value && isWork(event)
        if (view.isNewDay) compare(s, view)
      },
      learn({ event, late }, doubted) {
        if (doubted || late || !isWork(event)) return
        if (view.isNewDay) {
          if (s.day.value > 0) turn(s, view)
          s.day.value = day
        }
        noteVersion(s, event)
        s.recent.add(classOf(event))
      },
    }
  },
})
