/**
 * What the inhabitants of a simulated company do all day. A job is a line of steps, each with a service, a verb, a noun,
 * where its targets come from, and how often it is taken:
 *
 *   tickets.get ticket fresh 5    reads a ticket that nobody has touched before, five times as often as a step of weight 1
 *
 * `own` targets belong to the identity, `shared` ones to the company, `fresh` ones are new each time, `none` has no target.
 */

export type Verb = 'get' | 'list' | 'create' | 'update' | 'delete' | 'send' | 'run'
export type Pool = 'own' | 'shared' | 'fresh' | 'none'

export interface StepKind {
  readonly service: string
  readonly verb: Verb
  readonly noun: string
  readonly pool: Pool
  readonly weight: number
}

/** How the work of a job comes: at exact times, in the hours of an office, or as the day of its customers asks. */
export type Rhythm = 'cron' | 'office' | 'demand' | 'rare'

export interface Job {
  readonly name: string
  readonly kind: 'agent' | 'service' | 'person'
  readonly rhythm: Rhythm
  /** Sessions on an ordinary day; for `cron` the runs. */
  readonly sessions: number
  /** Median of the steps of a session. */
  readonly steps: number
  readonly doing: readonly StepKind[]
  /** How common the job is. */
  readonly weight: number
}

const VERBS: readonly string[] = ['get', 'list', 'create', 'update', 'delete', 'send', 'run']
const POOLS: readonly string[] = ['own', 'shared', 'fresh', 'none']

/** Reads one step; a mistake in the table below stops the generator at once. */
export function step(line: string): StepKind {
  const [act = '', noun = '', pool = '', weight = '1'] = line.trim().split(/ +/)
  const [service = '', verb = ''] = act.split('.')
  if (!VERBS.includes(verb) || !POOLS.includes(pool) || !(Number(weight) > 0)) {
    throw new Error(`no step of a job: ${line}`)
  }
  return { service, verb: verb as Verb, noun, pool: pool as Pool, weight: Number(weight) }
}

function job(
  name: string,
  shape: readonly [kind: Job['kind'], rhythm: Rhythm, sessions: number, steps: number, weight: number],
  doing: string,
): Job {
  const [kind, rhythm, sessions, steps, weight] = shape
  return { name, kind, rhythm, sessions, steps, weight, doing: doing.split(';').map(step) }
}

export const JOBS: readonly Job[] = [
  job(
    'desk-agent',
    ['agent', 'demand', 4, 5, 10],
    'tickets.get ticket fresh 5;tickets.list queue shared 2;crm.get customer fresh 3;kb.list article shared 2;mail.get mail fresh 3;mail.send address fresh 2;tickets.update ticket fresh 3',
  ),
  job(
    'coder',
    ['agent', 'office', 2.5, 8, 12],
    'code.get file own 8;code.list file own 4;shell.run command own 4;code.update file own 4;tracker.get issue fresh 2;tracker.create comment fresh 1;code.create branch fresh 1;web.get page shared 1;packages.get package shared 1',
  ),
  job(
    'reader',
    ['agent', 'demand', 2, 7, 6],
    'web.list query fresh 3;web.get page fresh 6;web.get page shared 2;notes.create note own 1;memory.update memory own 1;docs.update document own 1',
  ),
  job(
    'clerk',
    ['agent', 'office', 3, 4, 6],
    'mail.get mail fresh 3;ledger.get invoice fresh 3;ledger.create payment own 1;ledger.list invoice shared 2;docs.get document own 1;mail.send address own 1',
  ),
  job(
    'scheduler',
    ['agent', 'office', 3, 3, 5],
    'calendar.list calendar own 3;calendar.create event fresh 2;mail.get mail fresh 2;mail.send address own 2;chat.send channel own 1',
  ),
  job(
    'seller',
    ['agent', 'office', 3, 5, 5],
    'crm.list account shared 2;crm.get account own 4;crm.update account own 2;web.get page fresh 1;mail.send address own 2',
  ),
  job(
    'reviewer',
    ['agent', 'demand', 4, 4, 5],
    'code.get change fresh 4;code.list file shared 2;tracker.create comment fresh 2;scan.run check own 1',
  ),
  job(
    'keeper',
    ['agent', 'demand', 1.5, 5, 5],
    'cloud.list instance shared 3;cloud.get metric own 4;cloud.update service own 1;logs.list stream own 3;chat.send channel own 1;cloud.run restart own 0.3',
  ),
  job(
    'conductor',
    ['agent', 'office', 2, 5, 4],
    'agents.send agent own 4;agents.get task fresh 3;memory.get memory own 1;chat.send channel own 1;docs.get document own 1',
  ),
  job(
    'analyst',
    ['agent', 'office', 2, 6, 6],
    'warehouse.list table shared 2;warehouse.get table own 6;docs.create report fresh 1;files.get object own 2;chat.send channel own 1',
  ),
  job(
    'recruiter',
    ['agent', 'office', 1.5, 5, 3],
    'people.get candidate fresh 4;mail.get mail fresh 2;mail.send address fresh 2;calendar.create event fresh 1;docs.get document fresh 1',
  ),
  job(
    'buyer',
    ['agent', 'office', 1, 4, 3],
    'web.get page shared 2;shop.list offer shared 2;shop.create order fresh 1;ledger.get budget own 1;mail.send address own 1',
  ),
  job(
    'writer',
    ['agent', 'office', 2, 4, 4],
    'docs.get document own 3;docs.update document own 3;files.create object fresh 1;web.get page shared 1;social.create post fresh 0.5',
  ),
  job('mover', ['service', 'cron', 8, 2, 6], 'db.get table own 4;files.create object fresh 2;queue.send queue own 1'),
  job(
    'saver',
    ['service', 'cron', 1, 6, 3],
    'db.get snapshot own 2;files.create object own 3;files.list bucket own 1;files.delete object fresh 0.7',
  ),
  job('watcher', ['service', 'cron', 30, 1, 2], 'http.get endpoint own 6;metrics.send metric own 1'),
  job(
    'builder',
    ['service', 'office', 6, 5, 4],
    'code.get repository own 2;packages.get package shared 3;shell.run command own 3;packages.create artifact own 1;registry.update image own 1;secrets.get secret own 1',
  ),
  job(
    'shipper',
    ['service', 'office', 1.5, 6, 3],
    'cloud.update deployment own 3;cloud.get deployment own 3;secrets.get secret own 1;registry.get image shared 2;cloud.delete deployment fresh 0.2',
  ),
  job(
    'gateway',
    ['service', 'demand', 10, 1, 4],
    'auth.get token own 2;billing.get plan fresh 2;http.send webhook own 2;queue.send queue own 2',
  ),
  job(
    'syncer',
    ['service', 'cron', 24, 1, 5],
    'people.list user own 1;crm.list account own 2;tickets.list ticket own 2;files.get object own 1',
  ),
  job(
    'rotator',
    ['service', 'rare', 0.3, 8, 1],
    'secrets.list secret shared 1;secrets.get secret shared 3;secrets.update secret shared 3',
  ),
  job(
    'stocktaker',
    ['service', 'cron', 1, 25, 1],
    'cloud.list instance shared 2;cloud.list network shared 1;cloud.get instance shared 4;iam.list role shared 1;iam.get role shared 2;files.list bucket shared 2',
  ),
  job(
    'cleaner',
    ['service', 'cron', 1, 5, 2],
    'files.list bucket own 1;files.delete object fresh 4;db.delete row own 1',
  ),
  job(
    'engineer',
    ['person', 'office', 3, 5, 8],
    'code.get repository own 4;code.create change fresh 1;cloud.get instance own 2;logs.list stream own 2;tracker.update issue fresh 2;shell.run command own 1',
  ),
  job(
    'administrator',
    ['person', 'office', 2, 5, 2],
    'iam.get user shared 3;iam.list role shared 2;iam.create user fresh 0.3;iam.update role own 0.5;cloud.get instance shared 2;logs.get trail shared 1;logs.update trail own 0.05;iam.create key fresh 0.2',
  ),
  job(
    'office-worker',
    ['person', 'office', 3, 4, 6],
    'docs.get document own 4;docs.update document own 2;mail.send address own 2;auth.get login none 1;files.get object own 2',
  ),
]

/** Services that the company meets over the network under a name of their own, and not inside its own house. */
export const OUTSIDE = new Set(['web', 'shop', 'social', 'packages'])
/** Services whose answers were written by strangers. */
export const STRANGERS = new Set(['web', 'mail', 'tickets', 'tracker', 'shop', 'social'])
