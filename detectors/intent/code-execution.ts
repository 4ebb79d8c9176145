/**
 * Fires when an identity that never ran a command runs one, and nobody else in its role ever did: an interpreter in the
 * hands of an agent that answers mail. High if the program fetches, opens a way back, or starts at every boot. For an
 * identity that does run commands, it fires when within hours of fetching something the identity starts something that
 * outlives the session, in a way that neither it nor anybody in its role ever did.
 *
 * Why: whoever can run commands can do everything that the machine can. A role either does this for a living or not at
 * all, and one that does runs things and ends them.
 *
 * Misses: what is fetched and run at once, or by another program than usual, in roles that run commands every day;
 * sources that do not distinguish a command from another call; the first three days of an identity. People are
 * excluded: they run commands.
 */
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector, type Step, type Suspicion } from '../detector.ts'
import { wordSet } from '../lib/act-words.ts'
import { counter, small } from '../lib/fields.ts'
import { nobodyBefore } from '../lib/nobody-before.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

const Settings = Type.Object({
  history_ms: Type.Integer({ default: 3 * DAY_MS, description: 'Age of an identity before its first command fires' }),
  fetched_ms: Type.Integer({
    default: 6 * HOUR_MS,
    description: 'How long after a download a lasting start counts',
  }),
})

const SHELLS = wordSet('bash sh zsh shell powershell pwsh cmd terminal run_command run_shell_command execute_command')
const REACHES = wordSet(
  'curl wget nc ncat netcat socat ssh scp ftp tftp certutil bitsadmin base64 crontab nohup at schtasks launchctl systemctl chmod',
)

const FETCHES = wordSet('curl wget ftp tftp scp certutil bitsadmin')
/** What outlives the session: in the background, at a time, at every boot. */
const OUTLIVES = ['nohup', 'setsid', 'disown', 'daemonize', 'at', 'crontab', 'schtasks', 'launchctl', 'systemctl']

const runsCommand = (event: EventView): boolean => event.kind === 'exec' || SHELLS.has(event.action.toLowerCase())
const programOf = (event: EventView): string =>
  event.target.split(/[\s/\\|;&]+/).find((word) => word !== '') ?? event.action

const rest = {
  runs: small(),
  /** When it last fetched something, in minutes since 1970. */
  fetched: counter(),
  /** Programs by which it started what outlives a session, bits by their place in OUTLIVES. */
  started: counter(),
}
type Context = Step<Type.Static<typeof Settings>, typeof rest, Record<never, never>>

const roleOf = (event: EventView): string => `${event.principal_kind}/${event.role === '' ? event.owner : event.role}`

/** The first command of the identity. */
function firstCommand({ event, time, since, state, settings, send }: Context): Suspicion | undefined {
  state.runs.value = 1
  const key = roleOf(event)
  const fingerprint = hash32(event.identity)
  send({ keyKind: 'peer_group', key, fingerprint })
  if (time - since < settings.history_ms) return undefined
  const program = programOf(event)
  return {
    why: `${event.identity} ran a command (${program}); neither it nor anybody else of its role ever ran one before.`,
    observed: { program, action: event.action, target: event.target },
    expected: { commands: 0 },
    severity: REACHES.has(program.toLowerCase()) ? 'high' : 'medium',
    learnedSince: since,
    ask: { keyKind: 'peer_group', key, fingerprint },
  }
}

function noteFetch({ event, time, late, state }: Context): void {
  if (!late && FETCHES.has(programOf(event).toLowerCase())) state.fetched.value = Math.floor(time / MINUTE_MS)
}

/** Something that outlives the session is started, soon after something was fetched. */
function outlivesAfterFetch(context: Context): Suspicion | undefined {
  const { event, time, since, late, state, settings, send } = context
  noteFetch(context)
  const program = programOf(event).toLowerCase()
  const bit = OUTLIVES.includes(program) ? 1 << OUTLIVES.indexOf(program) : 0
  if (late || bit === 0 || (state.started.value & bit) !== 0) return undefined
  state.started.value |= bit
  const key = `${roleOf(event)}/${program}`
  const fingerprint = hash32(event.identity)
  send({ keyKind: 'peer_group', key, fingerprint })
  const fetched = state.fetched.value * MINUTE_MS
  if (time - since < settings.history_ms || fetched === 0 || time - fetched > settings.fetched_ms) return undefined
  return {
    why: `${event.identity} downloaded something and then started something that outlives its session (${program}); neither it nor anybody else of its role ever did that before.`,
    observed: { program, action: event.action, target: event.target },
    expected: { started_so: 0 },
    learnedSince: since,
    level: program,
    ask: { keyKind: 'peer_group', key, fingerprint },
  }
}

export const codeExecution = defineDetector({
  id: 'intent/code-execution',
  version: 2,

  title: 'First command from a role that runs none',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['value_hashes', 'content_classes', 'action']], learns_ms: 1 * 86_400_000 },
  techniques: ['T1059', 'T1105', 'AML.T0050', 'ASI05'],
  falsePositives: ['A role that is given a shell: fires once, at its first identity'],

  settings: Settings,
  key: 'identity',
  state: rest,

  matches: (event) => event.principal_kind !== 'person' && event.outcome !== 'denied' && runsCommand(event),
  step: (context) => {
    const outlives = outlivesAfterFetch(context)
    return context.state.runs.value > 0 ? outlives : firstCommand(context)
  },

  second: nobodyBefore('peer_group', 'runners'),
})
