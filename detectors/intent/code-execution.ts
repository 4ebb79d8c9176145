/**
 * Fires when an identity that never ran a command runs one, and nobody else of its role ever did: an interpreter in the
 * hands of an agent that answers mails. High where the program fetches, opens a way back, or starts at every boot.
 *
 * Why: whoever can run commands can do everything that the machine can. A role either does this for a living or not at all.
 *
 * Misses: roles that run commands every day (coding agents): what they run is judged by others; sources that do not tell a
 * command from another call; the first three days of an identity.
 */
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector } from '../detector.ts'
import { wordSet } from '../lib/act-words.ts'
import { earliest, small } from '../lib/fields.ts'

const DAY_MS = 86_400_000

const Settings = Type.Object({
  history_ms: Type.Integer({ default: 3 * DAY_MS, description: 'Age of an identity before its first command is news' }),
})

const SHELLS = wordSet('bash sh zsh shell powershell pwsh cmd terminal run_command run_shell_command execute_command')
const REACHES = wordSet(
  'curl wget nc ncat netcat socat ssh scp ftp tftp certutil bitsadmin base64 crontab nohup at schtasks launchctl systemctl chmod',
)

const runsCommand = (event: EventView): boolean => event.kind === 'exec' || SHELLS.has(event.action.toLowerCase())
const programOf = (event: EventView): string =>
  event.target.split(/[\s/\\|;&]+/).find((word) => word !== '') ?? event.action

export const codeExecution = defineDetector({
  id: 'intent/code-execution',
  version: 1,

  title: 'A command from a role that runs none',
  severity: 'medium',
  mode: 'live',
  techniques: ['T1059', 'T1105', 'AML.T0050', 'ASI05'],
  falsePositives: ['A role that is given a shell: told once, at its first identity'],

  settings: Settings,
  key: 'identity',
  state: { runs: small() },

  matches: (event) => event.outcome !== 'denied' && runsCommand(event),
  step({ event, time, since, state, settings, send }) {
    if (state.runs.value > 0) return undefined
    state.runs.value = 1
    const key = `${event.principal_kind}/${event.role === '' ? event.owner : event.role}`
    const fingerprint = hash32(event.identity)
    send({ keyKind: 'peer_group', key, fingerprint })
    if (time - since < settings.history_ms) return undefined
    const program = programOf(event)
    return {
      why: `${event.identity} ran a command (${program}), and neither it nor anybody of its role ever did.`,
      observed: { program, action: event.action, target: event.target },
      expected: { commands: 0 },
      severity: REACHES.has(program.toLowerCase()) ? 'high' : 'medium',
      learnedSince: since,
      ask: { keyKind: 'peer_group', key, fingerprint },
    }
  },

  second: {
    keys: ['peer_group'],
    state: { runners: earliest({ size: 4 }) },
    absorb({ signal, state, time, tie }) {
      state.runners.add(signal.fingerprint, time, tie)
      return undefined
    },
    decide({ candidate, state }) {
      const others = state.runners.countBefore(candidate.time, candidate.tie, candidate.fingerprint)
      return others > 0 ? { fire: false } : { fire: true }
    },
  },
})
