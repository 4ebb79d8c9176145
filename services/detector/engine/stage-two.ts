/**
 * Stage two: a partition of `signals`. It handles what crosses identities, keyed by what they share. Its state is
 * order-free, because the order in which the partitions of stage one write is not fixed. Only ticks decide candidates,
 * because only a tick promises that no earlier signal is still in flight.
 */
import type { Absorb, Candidate, Detector, Suspicion } from '../../../detectors/detector.ts'
import type { Fields, Handles } from '../../../detectors/lib/columns.ts'
import type { Lists } from '../../../detectors/lib/lists.ts'
import type { SectionContent } from '../../../detectors/lib/sections.ts'
import type { SuppressionControl } from '../../../schemas/control.ts'
import { type Evidence, type Finding, round6 } from '../../../schemas/finding.ts'
import { decodeControl, decodeFrame, decodeHeader, FrameError, type FrameHeader } from '../../../schemas/frame.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { CROSS_KEYS, type CrossKey, SIGNAL_SCHEMA_VERSION, type Signal, SignalView } from '../../../schemas/signal.ts'
import { makeFinding, type Subject } from './findings.ts'
import type { KeyTable } from './key-table.ts'
import { hex32 } from './keys.ts'
import { lay, type Laid } from './lay.ts'
import { ownerName } from './layout.ts'
import { IdRing } from './ring.ts'
import { Rules, type RulesDump } from './rules.ts'
import { META, type NamedPool, readColumns, SnapshotWriter } from './snapshot.ts'
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
import type { WindowPool } from './windows.ts'

const SENT_FINDINGS = 8_192
/** Order-free state may not forget a window because a newer one came first: only log time and the pool's size close it. */
const WINDOWS_PER_KEY = Number.MAX_SAFE_INTEGER

/** A detector's second half on one kind of key. */
class SecondSide implements Absorb<unknown, Fields, Fields> {
  readonly detector: Detector
  readonly place: number
  readonly keys: KeyTable
  readonly state: Handles<Fields>
  readonly #pool: WindowPool | undefined
  readonly #window: Handles<Fields> | undefined
  readonly signal: SignalView
  time = 0
  tie = 0
  settings: unknown = {}
  lists!: Lists
  logTime = 0
  slot = -1

  constructor(detector: Detector, place: number, laid: Laid, signal: SignalView) {
    const owner = ownerName(detector)
    this.detector = detector
    this.place = place
    this.keys = laid.keys
    this.state = laid.stateOf(owner)
    this.#pool = laid.poolOf(owner)
    this.#window = this.#pool?.handlesOf(owner)
    this.signal = signal
  }
  get windowStart(): number {
    return this.#pool === undefined ? 0 : this.#pool.startOf(this.time)
  }
  readonly openWindow = (): Handles<Fields> => {
    if (this.#pool === undefined || this.#window === undefined)
      throw new Error(`${this.detector.id} opens a window in its second half and declares none`)
    // Log time here is the newest tick's, and no tick comes while nothing is pending. After a silence it is far behind
    // the signals, and the next tick would free a window that is dated by it.
    this.slot = this.#pool.open(this.keys.row, this.windowStart, Math.max(this.logTime, this.signal.receipt_time))
    return this.#window
  }
  readonly evidence = (): Evidence => {
    return JSON.parse(this.signal.body) as Evidence
  }
}

/** A candidate that waits for its decision: the signal as it came. */
type PendingCandidate = Pick<
  Signal,
  | 'tenant'
  | 'detector'
  | 'version'
  | 'key_kind'
  | 'key'
  | 'receipt_time'
  | 'history'
  | 'time'
  | 'event_id'
  | 'identity'
  | 'owner'
  | 'session'
  | 'fingerprint'
  | 'value'
  | 'body'
> & {
  /** When the identity began, in ms; absent where nobody knows, and in snapshots that are older than it. */
  readonly since?: number
  /** Requested by the second half itself: the finding is the key's, whichever signal caused the request. */
  readonly byKey?: true
}

/** A signal's position in its source. */
interface SignalPosition {
  readonly offset: number
  readonly sequence: number
}
const NOWHERE: SignalPosition = { offset: -1, sequence: -1 }

interface Meta extends RulesDump {
  readonly logTime: number
  /** Absent in snapshots that are older than suppressions of people. */
  readonly suppressions?: readonly SuppressionControl[]
  /** Source, offset, and the sequence of its last signal, which is absent in snapshots that are older than it. */
  readonly applied: readonly (readonly [number, number, number?])[]
  readonly waiting: readonly PendingCandidate[]
}

class StageTwo implements Stage {
  readonly stage = 'signals'
  readonly partition: number
  offset = 0
  logTime = 0
  readonly #rules: Rules
  readonly #tables = new Map<CrossKey, Laid>()
  /** By key kind, then by detector id. */
  readonly #sides = new Map<CrossKey, ReadonlyMap<string, SecondSide>>()
  readonly #view = new SignalView()
  /** Highest offset applied of each source partition, and the last signal of it. */
  #applied = new Map<number, SignalPosition>()
  #waiting: PendingCandidate[] = []
  #sent = new IdRing(SENT_FINDINGS)
  #findings: Finding[] = []
  /** When those began whom the current record's findings are about. */
  readonly #since = new Map<string, number>()

  constructor(options: StageOptions) {
    this.partition = options.partition
    this.#rules = new Rules(options)
    for (const kind of CROSS_KEYS) this.#lay(options, kind)
  }

  #lay(options: StageOptions, kind: CrossKey): void {
    const mine = options.detectors.filter((detector) => detector.second?.keys.includes(kind))
    if (mine.length === 0) return
    const members = mine.map((detector) => ({
      owner: ownerName(detector),
      state: detector.second?.state ?? {},
      window: detector.second?.window,
    }))
    const laid = lay(kind, members, LIMITS.cross_keys_per_partition_max, WINDOWS_PER_KEY, options.rowKey)
    this.#tables.set(kind, laid)
    const sides = mine.map((detector) => {
      const side = new SecondSide(detector, options.detectors.indexOf(detector), laid, this.#view)
      return [detector.id, side] as const
    })
    this.#sides.set(kind, new Map(sides))
  }

  apply(record: StageRecord, content?: SectionContent): Applied {
    return allSteps(this.applySteps(record, content))
  }

  *applySteps(record: StageRecord, content?: SectionContent): Steps<Applied> {
    this.#findings = []
    this.#since.clear()
    const header = decodeHeader(record.value)
    const applied =
      header.kind === 'control' ? this.#control(record.value, content) : yield* this.#frame(record.value, header)
    this.offset = record.offset + 1
    return { findings: this.#findings, signals: [], behind: 0, ...applied }
  }

  #control(value: Buffer, content: SectionContent | undefined): Pick<Applied, 'count' | 'repeats' | 'problems'> {
    const control = decodeControl(value)
    if (control.type === 'config') this.#rules.take(control, content)
    if (control.type === 'suppression') this.#rules.suppressions.apply(control, this.logTime)
    if (control.type === 'forget')
      this.#tables.get(control.key_kind as CrossKey)?.keys.forget(control.tenant, control.key)
    return { count: 0, repeats: 0, problems: [] }
  }

  *#frame(value: Buffer, header: FrameHeader): Steps<Pick<Applied, 'count' | 'repeats' | 'problems'>> {
    if (header.count === 0) {
      this.#tick(header.receipt_time)
      return { count: 0, repeats: 0, problems: [] }
    }
    if (header.schema !== SIGNAL_SCHEMA_VERSION) {
      throw new FrameError(`frame of signal schema ${header.schema}, this version reads ${SIGNAL_SCHEMA_VERSION}`)
    }
    if (header.source_partition === undefined) throw new FrameError('frame of signals names no source partition')
    const { rows } = decodeFrame(value, header)
    const before = this.#applied.get(header.source_partition) ?? NOWHERE
    let newest = before
    let repeats = 0
    for (const [at, row] of rows.entries()) {
      if (at > 0 && at % STEP_ROWS === 0) yield
      this.#view.row = row
      const { offset, sequence } = this.#view
      // What a record sent stands in one frame, but where a frame was cut for its size: there the sequence tells.
      const goesOn = header.continues === true && offset === before.offset && sequence > before.sequence
      if (offset <= before.offset && !goesOn) {
        repeats++
        continue
      }
      if (offset >= newest.offset) newest = { offset, sequence }
      this.#signal()
    }
    this.#applied.set(header.source_partition, newest)
    return { count: rows.length - repeats, repeats, problems: [] }
  }

  #signal(): void {
    const signal = this.#view
    const side = this.#sides.get(signal.key_kind)?.get(signal.detector)
    // A signal of another version of the detector means something else: it is not this version's evidence.
    if (side === undefined || side.detector.version !== signal.version) return
    const rules = this.#rules.of(signal.tenant)
    const own = rules.detectors[side.place]
    if (own === undefined || !own.enabled) return
    if (signal.kind === 'candidate') {
      this.#wait(waitingOf(signal))
      return
    }
    side.keys.reach(signal.tenant, signal.key, '', this.logTime)
    side.time = signal.time
    side.tie = hex32(signal.event_id, 0)
    side.settings = own.settings
    side.lists = rules.lists
    side.logTime = this.logTime
    side.slot = -1
    const suspicion = side.detector.second?.absorb(side as never)
    if (suspicion === undefined) return
    const window = side.slot >= 0 ? side.windowStart : ''
    if (suspicion.later === true) {
      const { later: _, ...rest } = suspicion
      const body = JSON.stringify({
        ...rest,
        surprise: round6(suspicion.surprise ?? 0),
        window: suspicion.window ?? window,
      })
      this.#wait({ ...waitingOf(signal), body, byKey: true })
      return
    }
    this.#fire(side, suspicion, waitingOf(signal), `${signal.key_kind}\u0000${signal.key}`, window, null)
  }

  #wait(waiting: PendingCandidate): void {
    if (this.#waiting.length >= LIMITS.candidates_per_partition_max)
      this.#decide(this.#waiting.shift() as PendingCandidate)
    this.#waiting.push(waiting)
  }

  #tick(receiptTime: number): void {
    if (receiptTime > this.logTime) this.logTime = receiptTime
    const due = (w: PendingCandidate): boolean => w.receipt_time + LIMITS.candidate_delay_ms <= this.logTime
    const ready = this.#waiting.filter(due)
    if (ready.length > 0) {
      this.#waiting = this.#waiting.filter((w) => !due(w))
      ready.sort((a, b) => a.time - b.time || (a.event_id < b.event_id ? -1 : 1))
      for (const waiting of ready) this.#decide(waiting)
    }
    for (const { pool } of this.#pools) pool.expire(this.logTime)
  }

  #decide(waiting: PendingCandidate): void {
    const side = this.#sides.get(waiting.key_kind)?.get(waiting.detector)
    const decide = side?.detector.second?.decide
    if (side === undefined || decide === undefined) return
    const rules = this.#rules.of(waiting.tenant)
    const own = rules.detectors[side.place]
    if (own === undefined) return
    side.keys.reach(waiting.tenant, waiting.key, '', this.logTime)
    const suspicion = JSON.parse(waiting.body) as Suspicion
    const candidate: Candidate = {
      suspicion,
      identity: waiting.identity,
      owner: waiting.owner,
      key: waiting.key,
      time: waiting.time,
      tie: hex32(waiting.event_id, 0),
      fingerprint: waiting.fingerprint,
      value: waiting.value,
    }
    const decision = decide({ candidate, state: side.state, settings: own.settings, lists: rules.lists })
    if (!decision.fire) return
    const decided: Suspicion = {
      ...suspicion,
      why: decision.why ?? suspicion.why,
      observed: { ...suspicion.observed, ...decision.observed },
      expected: { ...suspicion.expected, ...decision.expected },
      ...(decision.severity === undefined ? {} : { severity: decision.severity }),
      ...(decision.level === undefined ? {} : { level: decision.level }),
      ...(decision.agent === undefined ? {} : { agent: decision.agent }),
      ...(decision.evidence === undefined ? {} : { evidence: decision.evidence }),
    }
    const shared = `${waiting.key_kind}\u0000${waiting.key}`
    const isShared = waiting.byKey === true
    const key = isShared ? shared : `${waiting.identity}\u0000${shared}`
    this.#fire(side, decided, waiting, key, suspicion.window ?? '', isShared ? null : waiting.session)
  }

  #fire(
    side: SecondSide,
    suspicion: Suspicion,
    from: PendingCandidate,
    key: string,
    window: string | number,
    session: string | null,
  ): void {
    const rules = this.#rules.of(from.tenant)
    const own = rules.detectors[side.place]
    if (own === undefined) return
    const subject: Subject = {
      tenant: from.tenant,
      key,
      identity: from.identity,
      owner: from.owner,
      session,
      time: from.time,
      history: from.history === 1,
      window,
      evidence: [],
      staged: 'two',
    }
    const finding = this.#rules.withSuppressions(makeFinding(side.detector, own, suspicion, subject, this.#rules.epoch))
    if (!this.#sent.add(finding.id)) return
    this.#findings.push(finding)
    // A second half may name somebody else, whom this partition has never heard of.
    if (finding.agent === from.identity && from.since !== undefined)
      this.#since.set(agentKey(finding.tenant, finding.agent), from.since)
  }

  get pending(): boolean {
    return this.#waiting.length > 0 || this.#pools.some(({ pool }) => pool.size > 0)
  }

  get urgent(): boolean {
    return this.#waiting.length > 0
  }

  get epoch(): string {
    return this.#rules.epoch
  }

  get stats(): StageStats {
    const tables = [...this.#tables.values()].map(({ keys }) => keys)
    const pools = this.#pools.map(({ pool }) => pool)
    return {
      identities: 0,
      sessions: 0,
      openWindows: pools.reduce((sum, pool) => sum + pool.size, 0),
      candidates: this.#waiting.length,
      evicted: tables.reduce((sum, keys) => sum + keys.evicted, 0),
      stateBytes:
        tables.reduce((sum, keys) => sum + keys.table.bytes, 0) +
        pools.reduce((sum, pool) => sum + pool.table.bytes, 0) +
        this.#sent.bytes,
    }
  }

  get #pools(): NamedPool[] {
    return [...this.#tables.values()].flatMap(({ pools }) => pools)
  }

  identities(): ReadonlyMap<string, number> {
    return new Map()
  }

  knownSince(tenant: string, identity: string): number | undefined {
    return this.#since.get(agentKey(tenant, identity))
  }

  snapshot(): StageSnapshot {
    const writer = new SnapshotWriter()
    for (const [kind, { keys, pools }] of this.#tables) {
      writer.keys(kind, keys)
      for (const { prefix, pool } of pools) writer.pool(prefix, pool)
    }
    writer.numbers('engine/sent', this.#sent.dump())
    const meta: Meta = {
      logTime: this.logTime,
      ...this.#rules.dump(),
      suppressions: this.#rules.suppressions.dump(),
      applied: [...this.#applied].map(([source, { offset, sequence }]) => [source, offset, sequence] as const),
      waiting: this.#waiting,
    }
    writer.json(META, meta)
    return {
      stage: 'signals',
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
    this.#applied = new Map(meta.applied.map(([source, offset, sequence = -1]) => [source, { offset, sequence }]))
    this.#waiting = [...meta.waiting]
    this.#sent = IdRing.restore(SENT_FINDINGS, read.numbers('engine/sent'))
    for (const [kind, { keys, pools }] of this.#tables) read.keys(kind, keys, pools)
  }
}

function waitingOf(signal: SignalView): PendingCandidate {
  return {
    tenant: signal.tenant,
    detector: signal.detector,
    version: signal.version,
    key_kind: signal.key_kind,
    key: signal.key,
    receipt_time: signal.receipt_time,
    history: signal.history,
    time: signal.time,
    event_id: signal.event_id,
    identity: signal.identity,
    owner: signal.owner,
    session: signal.session,
    fingerprint: signal.fingerprint,
    value: signal.value,
    body: signal.body,
    // Absent from signals of before.
    ...(signal.identity_since > 0 ? { since: signal.identity_since } : {}),
  }
}

const agentKey = (tenant: string, agent: string): string => `${tenant}\u0000${agent}`

export const createStageTwo: StageFactory = (options, snapshot) => {
  const stage = new StageTwo(options)
  if (snapshot !== undefined) stage.restore(snapshot)
  return stage
}
