/**
 * Stage one: a partition of `events`. It drops repeats, finds the row of each event's identity and session, lets every
 * detector step, and passes on what needs others. Its result is a function of the snapshot and the ordered records.
 */
import type { Detector, Suspicion } from '../../../detectors/detector.ts'
import type { Habit, Habits, Views } from '../../../detectors/habits/habit.ts'
import { evidenceOf } from '../../../detectors/lib/evidence.ts'
import type { SectionContent } from '../../../detectors/lib/sections.ts'
import type { SuppressionControl, VerdictControl } from '../../../schemas/control.ts'
import { type EventRow, EventView } from '../../../schemas/event.ts'
import { eventRows } from '../../../schemas/event-rows.ts'
import { type Finding, SEVERITIES } from '../../../schemas/finding.ts'
import { decodeControl, decodeFrame, decodeHeader, type FrameHeader } from '../../../schemas/frame.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { Doubts, type DoubtsDump } from './doubts.ts'
import { makeFinding, revisedFinding, type Subject } from './findings.ts'
import { FirstHalf, type Sender } from './first-half.ts'
import { HabitSide, habitName, habitsOf } from './habit-side.ts'
import type { KeyTable } from './key-table.ts'
import { lay, type Laid, type Member } from './lay.ts'
import { ownerName } from './layout.ts'
import { overflowFinding } from './overflow.ts'
import { Placing } from './placing.ts'
import { IdRing, restoreSeen } from './ring.ts'
import { type DetectorRules, type RulesDump, Rules, type TenantRules } from './rules.ts'
import { SentOnce } from './sent-once.ts'
import { Signals } from './signals.ts'
import { META, type NamedPool, readColumns, SnapshotWriter } from './snapshot.ts'
import { ToldCalls, type ToldCallsDump } from './told-calls.ts'
import {
  allSteps,
  type Applied,
  type Stage,
  type StageFactory,
  type StageOptions,
  type StageRecord,
  type StageSnapshot,
  type StageStats,
  STEP_ROWS,
  type Steps,
} from './stage.ts'

/** Newest windows that a key of stage one holds at a time. */
const WINDOWS_PER_KEY = 3
/** Ids of findings already sent, so that a rule that still holds does not send again. */
const SENT_FINDINGS = 8_192
const MEDIUM = SEVERITIES.indexOf('medium')

type Taken = Pick<Applied, 'count' | 'repeats' | 'problems'>

/** A detector that runs for a tenant, with its settings. */
interface Enabled {
  readonly half: FirstHalf
  readonly own: DetectorRules
}

/** The detectors that run for a tenant, by the kind of their key, in the registry's order. */
interface EnabledHalves {
  readonly byIdentity: readonly Enabled[]
  readonly bySession: readonly Enabled[]
}

interface Meta extends RulesDump {
  readonly logTime: number
  /** Absent in snapshots that are older than suppressions of people. */
  readonly suppressions?: readonly SuppressionControl[]
  readonly fired: Readonly<Record<string, readonly [number, Finding][]>>
  /** Absent in snapshots that are older than it. */
  readonly doubts?: DoubtsDump
}

class StageOne implements Stage {
  readonly stage = 'events'
  readonly partition: number
  offset = 0
  logTime = 0
  readonly #rules: Rules
  readonly #identities: KeyTable
  readonly #sessions: KeyTable
  readonly #identityPools: readonly NamedPool[]
  readonly #sessionPools: readonly NamedPool[]
  readonly #pools: readonly NamedPool[]
  readonly #habits: readonly HabitSide[]
  readonly #byIdentity: readonly FirstHalf[]
  readonly #bySession: readonly FirstHalf[]
  #seen = new IdRing(LIMITS.dedup_ids_per_partition, true)
  #sent = new IdRing(SENT_FINDINGS)
  readonly #told = new ToldCalls()
  readonly #sentOnce: SentOnce
  readonly #view = new EventView()
  // What the current record brings about.
  #findings: Finding[] = []
  readonly #signals = new Signals(this.#view, () => this.#identities.since)
  readonly #placing = new Placing()
  /** The detectors that have learned from the current event by themselves. */
  #learning: FirstHalf[] = []
  #behind = 0
  /** A live suspicion doubts the current event, or its time is not believed. */
  #doubted = false
  /** The live detectors whose suspicion that is. */
  #doubters: string[] = []
  /** What waits for a person's verdict. */
  readonly #doubts = new Doubts()
  #rulesOfTenant: TenantRules
  /** By the rules of a tenant, which are other objects after each change. */
  readonly #enabled = new WeakMap<TenantRules, EnabledHalves>()

  constructor(options: StageOptions) {
    this.partition = options.partition
    this.#rules = new Rules(options)
    this.#sentOnce = new SentOnce(options.rowKey)
    this.#rulesOfTenant = this.#rules.of('')
    const habits = habitsOf(options.detectors)
    const identities = lay(
      'identity',
      [
        ...habits.map((habit) => ({ owner: habitName(habit), state: habit.state, window: habit.window })),
        ...membersOf(options.detectors, 'identity'),
      ],
      options.identitiesMax ?? LIMITS.identities_per_partition_max,
      WINDOWS_PER_KEY,
      options.rowKey,
    )
    const sessions = lay(
      'session',
      membersOf(options.detectors, 'session'),
      LIMITS.open_sessions_per_partition_max,
      WINDOWS_PER_KEY,
      options.rowKey,
    )
    this.#identities = identities.keys
    this.#sessions = sessions.keys
    this.#identityPools = identities.pools
    this.#sessionPools = sessions.pools
    this.#pools = [...identities.pools, ...sessions.pools]
    this.#habits = habits.map((habit) => new HabitSide(habit, identities, this.#view))
    this.#byIdentity = this.#halves(options, 'identity', identities)
    this.#bySession = this.#halves(options, 'session', sessions)
  }

  #halves(options: StageOptions, kind: 'identity' | 'session', laid: Laid): FirstHalf[] {
    const views = new Map(this.#habits.map((side) => [side.habit, side.open.view]))
    const halves = options.detectors.flatMap((detector, place) => {
      if (detector.key !== kind) return []
      const uses = Object.entries((detector.uses ?? {}) as Record<string, Habit>)
      const habits = Object.fromEntries(uses.map(([name, habit]) => [name, views.get(habit)])) as Views<Habits>
      return [new FirstHalf(detector, place, laid, habits, this.#view, this.#sender)]
    })
    for (const { pool } of laid.pools) {
      const mine = halves.filter((half) => half.pool === pool)
      pool.onClose = (slot) => {
        for (const half of mine) this.#close(half, slot)
      }
    }
    return halves
  }

  apply(record: StageRecord, content?: SectionContent): Applied {
    return allSteps(this.applySteps(record, content))
  }

  *applySteps(record: StageRecord, content?: SectionContent): Steps<Applied> {
    this.#findings = []
    this.#signals.clear()
    this.#behind = 0
    const header = decodeHeader(record.value)
    const applied =
      header.kind === 'control' ? this.#control(record.value, content) : yield* this.#frame(record, header)
    this.offset = record.offset + 1
    return { findings: this.#findings, signals: this.#signals.taken(record.offset), behind: this.#behind, ...applied }
  }

  *#frame(record: StageRecord, header: FrameHeader): Steps<Taken> {
    const read = record.rows ?? decodeFrame(record.value, header).rows
    const rows = header.count === 0 ? [] : eventRows(header.schema, read)
    if (header.receipt_time > this.logTime) this.logTime = header.receipt_time
    let repeats = 0
    let retold = 0
    for (let at = 0; at < rows.length; at++) {
      if (at > 0 && at % STEP_ROWS === 0) yield
      const row = rows[at] as EventRow
      this.#view.row = row
      const seen = this.#seen.take(this.#view.event_id, this.#view.content_id)
      this.#view.conflict = seen === 'conflict'
      if (seen === 'repeat') repeats++
      // An event that conflicts with an earlier one is judged, even if it repeats a call.
      else if (seen === 'new' && this.#told.isRetold(row)) retold++
      else this.#event(header.receipt_time)
    }
    for (const { pool } of this.#pools) pool.expire(this.logTime)
    this.#sessions.expire(this.logTime, LIMITS.session_idle_ms)
    return { count: rows.length - repeats - retold, repeats: repeats + retold, problems: [] }
  }

  #control(value: Buffer, content: SectionContent | undefined): Taken {
    const control = decodeControl(value)
    // What was sent may have met a detector that was switched off.
    if (control.type === 'config' || control.type === 'forget') this.#sentOnce.clear()
    if (control.type === 'config') this.#rules.take(control, content)
    if (control.type === 'suppression') this.#rules.suppressions.apply(control, this.logTime)
    if (control.type === 'forget' && control.key_kind === 'identity') this.#forget(control.tenant, control.key)
    if (control.type === 'verdict') this.#teach(control)
    return { count: 0, repeats: 0, problems: [] }
  }

  #forget(tenant: string, identity: string): void {
    this.#identities.forget(tenant, identity)
    this.#doubts.forget(tenant, identity)
    this.#told.forget(tenant, identity)
  }

  /** What a person has judged is learned, or given up. */
  #teach({ tenant, key, detector, verdict }: VerdictControl): void {
    const doubts = this.#doubts.take(tenant, key, detector)
    if (doubts.length === 0 || !this.#identities.meet(tenant, key)) return
    for (const { habit, novelty } of doubts) {
      const side = this.#habits.find(({ name }) => name === habit)
      side?.open.teach?.(novelty, verdict !== 'true_positive')
    }
  }

  #event(receiptTime: number): void {
    const event = this.#view
    const { tenant, identity } = event
    this.#rulesOfTenant = this.#rules.of(tenant)
    const keys = this.#identities
    const placing = this.#placing
    keys.reach(tenant, identity, '', this.logTime, event.sender)
    if (keys.overflowed) this.#overflow('identity')
    placing.identity(keys, event)
    // An event whose time is not believed is judged by all, and doubted by all.
    this.#doubted = placing.doubt !== ''
    if (placing.doubt === 'behind') this.#behind++
    if (this.#learning.length > 0) this.#learning = []
    if (this.#doubters.length > 0) this.#doubters = []
    for (const habit of this.#habits) habit.look(keys.row, placing, this.logTime)
    const { byIdentity, bySession } = this.#enabledFor(this.#rulesOfTenant)
    this.#step(byIdentity, keys, receiptTime)
    if (event.session !== '' && bySession.length > 0) this.#session(bySession, receiptTime)
    if (this.#doubters.length > 0 && placing.doubt === '')
      this.#doubts.note(tenant, identity, this.#doubters, this.#habits)
    // The only place that decides what is learned: no event whose time is not believed, and none that is doubted.
    for (const habit of this.#habits) habit.learn(this.#doubted)
    if (this.#doubted) for (const half of this.#learning) half.unlearn()
  }

  #enabledFor(rules: TenantRules): EnabledHalves {
    const known = this.#enabled.get(rules)
    if (known !== undefined) return known
    const of = (halves: readonly FirstHalf[]): Enabled[] =>
      halves.flatMap((half) => {
        const own = rules.detectors[half.place]
        return own === undefined || !own.enabled ? [] : [{ half, own }]
      })
    const enabled = { byIdentity: of(this.#byIdentity), bySession: of(this.#bySession) }
    this.#enabled.set(rules, enabled)
    return enabled
  }

  #session(enabled: readonly Enabled[], receiptTime: number): void {
    const event = this.#view
    const { lists } = this.#rulesOfTenant
    if (!enabled.some(({ half }) => half.matches(event, lists))) return
    const keys = this.#sessions
    keys.reach(event.tenant, event.identity, event.session, this.logTime, event.sender)
    this.#placing.session(keys)
    this.#step(enabled, keys, receiptTime)
  }

  #step(enabled: readonly Enabled[], keys: KeyTable, receiptTime: number): void {
    const event = this.#view
    const { lists } = this.#rulesOfTenant
    for (const { half, own } of enabled) {
      if (!half.matches(event, lists)) continue
      half.aim(keys.row, own, lists, this.#placing, this.logTime)
      if (half.keepsBack) this.#learning.push(half)
      const suspicion = half.step(half)
      if (own.mode === 'live' && (half.doubts || isGrave(half, own, suspicion))) {
        this.#doubted = true
        this.#doubters.push(half.detector.id)
      }
      if (suspicion !== undefined) this.#suspect(half, own, told(suspicion, this.#placing), receiptTime)
    }
  }

  #suspect(half: FirstHalf, own: DetectorRules, suspicion: Suspicion, receiptTime: number): void {
    if (suspicion.ask !== undefined && half.detector.second !== undefined) {
      this.#signals.ask(half, suspicion, suspicion.ask, receiptTime)
      return
    }
    const event = this.#view
    const subject: Subject = {
      tenant: event.tenant,
      key: half.detector.key === 'session' ? `${event.identity}\u0000${event.session}` : event.identity,
      identity: event.identity,
      owner: event.owner,
      session: event.session,
      time: half.time,
      history: event.history === 1,
      window: half.slot >= 0 ? half.windowStart : '',
      evidence: [evidenceOf(event)],
      staged: 'one',
      ...(event.conflict ? { conflict: { eventId: event.event_id, contentId: event.content_id } } : {}),
    }
    const finding = this.#rules.withSuppressions(makeFinding(half.detector, own, suspicion, subject, this.#rules.epoch))
    if (!this.#sent.add(finding.id)) return
    this.#findings.push(finding)
    if (half.slot >= 0 && half.detector.summarise !== undefined) half.fired.set(half.slot, finding)
  }

  /** A window closes: what fired in it is brought up to date, once. */
  #close(half: FirstHalf, slot: number): void {
    const fired = half.fired.get(slot)
    if (fired === undefined) return
    half.fired.delete(slot)
    const own = this.#rules.of(fired.tenant).detectors[half.place]
    if (own === undefined || half.closing === undefined) return
    const summary = half.detector.summarise?.(half.closing, own.settings)
    if (summary === undefined) return
    const revised = revisedFinding(fired, summary)
    if (revised !== undefined) this.#findings.push(revised)
  }

  readonly #sender: Sender = {
    send: (half, sent) => {
      const time = this.#placing.evidenceTime
      if (sent.once === true && !this.#sentOnce.add(this.#view.tenant, half.owner, sent, time)) return
      this.#signals.send(half, sent, time)
    },
    hasSent: (half, sent) => this.#sentOnce.has(this.#view.tenant, half.owner, sent, this.#placing.evidenceTime),
  }

  #overflow(kind: 'identity'): void {
    const finding = overflowFinding(this.#view, kind, this.#identities.rowsMax, this.#rules.epoch)
    if (this.#sent.add(finding.id)) this.#findings.push(finding)
  }

  get pending(): boolean {
    return this.#pools.some(({ pool }) => pool.size > 0)
  }

  get urgent(): boolean {
    return false
  }

  get epoch(): string {
    return this.#rules.epoch
  }

  get stats(): StageStats {
    const pools = this.#pools.map(({ pool }) => pool)
    return {
      identities: this.#identities.table.size,
      sessions: this.#sessions.table.size,
      openWindows: pools.reduce((sum, pool) => sum + pool.size, 0),
      candidates: 0,
      evicted: this.#identities.evicted + this.#sessions.evicted,
      stateBytes:
        this.#identities.table.bytes +
        this.#sessions.table.bytes +
        this.#seen.bytes +
        this.#sent.bytes +
        this.#told.bytes +
        this.#sentOnce.bytes +
        pools.reduce((sum, pool) => sum + pool.table.bytes, 0),
    }
  }

  identities(): ReadonlyMap<string, number> {
    return this.#identities.rows()
  }

  knownSince(tenant: string, identity: string): number | undefined {
    return this.#identities.sinceOf(tenant, identity)
  }

  snapshot(): StageSnapshot {
    const writer = new SnapshotWriter()
    writer.keys('identity', this.#identities)
    writer.keys('session', this.#sessions)
    const fired = Object.fromEntries(
      [...this.#byIdentity, ...this.#bySession]
        .filter((half) => half.fired.size > 0)
        .map((half) => [ownerName(half.detector), [...half.fired]]),
    )
    for (const { prefix, pool } of this.#pools) writer.pool(prefix, pool)
    writer.numbers('engine/seen-contents', this.#seen.dump())
    writer.numbers('engine/sent', this.#sent.dump())
    writer.json('engine/told-calls', this.#told.dump())
    this.#sentOnce.write(writer)
    const meta: Meta = {
      logTime: this.logTime,
      ...this.#rules.dump(),
      suppressions: this.#rules.suppressions.dump(),
      fired,
      doubts: this.#doubts.dump(),
    }
    writer.json(META, meta)
    return {
      stage: 'events',
      partition: this.partition,
      offset: this.offset,
      epoch: this.epoch,
      columns: writer.columns,
    }
  }

  restore(snapshot: StageSnapshot): void {
    const read = readColumns(snapshot)
    this.offset = snapshot.offset
    const meta = read.json(META) as Meta
    this.logTime = meta.logTime
    this.#rules.restore(meta)
    this.#rules.suppressions.restore(meta.suppressions ?? [])
    this.#doubts.restore(meta.doubts ?? [])
    this.#seen = restoreSeen(read.numbers('engine/seen-contents'), read.numbers('engine/seen'))
    this.#sent = IdRing.restore(SENT_FINDINGS, read.numbers('engine/sent'))
    const told = read.json('engine/told-calls') as ToldCallsDump | undefined
    if (told !== undefined) this.#told.restore(told)
    this.#sentOnce.read(read)
    read.keys('identity', this.#identities, this.#identityPools)
    read.keys('session', this.#sessions, this.#sessionPools)
    const fired = new Map(Object.entries(meta.fired))
    for (const half of [...this.#byIdentity, ...this.#bySession]) {
      for (const [slot, finding] of fired.get(ownerName(half.detector)) ?? []) half.fired.set(slot, finding)
    }
  }
}

const membersOf = (detectors: readonly Detector[], kind: 'identity' | 'session'): Member[] =>
  detectors
    .filter((detector) => detector.key === kind)
    .map((detector) => ({ owner: ownerName(detector), state: detector.state, window: detector.window }))

/** From medium on a suspicion keeps the habits from learning the event. */
function isGrave(half: FirstHalf, own: DetectorRules, suspicion: Suspicion | undefined): boolean {
  if (suspicion === undefined) return false
  return SEVERITIES.indexOf(own.severity ?? suspicion.severity ?? half.detector.severity) >= MEDIUM
}

/** Says if the event's own time is not believed: the result may differ between two sends. */
const told = (suspicion: Suspicion, { doubt }: Placing): Suspicion =>
  doubt === '' ? suspicion : { ...suspicion, observed: { ...suspicion.observed, event_time: doubt } }

export const createStageOne: StageFactory = (options, snapshot) => {
  const stage = new StageOne(options)
  if (snapshot !== undefined) stage.restore(snapshot)
  return stage
}
