/** Attacks on what tenants share, and on what is kept of them: caps, frames, secrets, the data directory. */
import { stat } from 'node:fs/promises'
import { numbersOf } from '../hour/victim.ts'
import { isPlanted, SECRETS } from '../../support/planted.ts'
import { ago, contact, deliver, HISTORY, life } from './acts.ts'
import { type Attack, outcome } from './attack.ts'

const GROUP_AND_OTHERS = 0o077
/** First of the CJK Unified Ideographs. */
const CHINESE = 0x4e00

const caps: Attack = {
  id: 'caps',
  kind: 12,
  title: 'Five invented identities use up the containment of an hour',
  async run(target) {
    await deliver(target, 'sends', life('billing-bot', 30), HISTORY)
    await target.comes('/v1/events', ({ identity }) => identity === 'billing-bot')
    const invented = Array.from({ length: 5 }, (_, n) => `invented-${n}`)
    await deliver(
      target,
      'insider',
      invented.map((identity) => contact(identity)),
    )
    await target.comes('/v1/quarantines', ({ identity }) => identity === 'invented-4')
    await deliver(target, 'sends', [contact('billing-bot')])
    await target.comes('/v1/quarantines', ({ identity }) => identity === 'billing-bot')
    const mine = (await target.list('/v1/quarantines')).find(({ identity }) => identity === 'billing-bot')
    const status = String(mine?.['status'] ?? 'absent')
    return outcome(
      !['requested', 'sent', 'acknowledged', 'failed'].includes(status),
      `the quarantine of an old one is ${status}`,
    )
  },
}

const secrets: Attack = {
  id: 'secrets',
  kind: 13,
  title: `${SECRETS.size} kinds of secrets in texts`,
  async run(target) {
    const kinds = [...SECRETS]
    const events = kinds.map(([, plant], n) => ({
      identity: `speaker-${n}`,
      time: ago(0),
      action: 'bash',
      kind: 'tool',
      target: plant(n),
      error: `failed: ${plant(n)}`,
    }))
    await deliver(target, 'sends', events)
    await deliver(target, 'sends', [{ identity: 'last', action: 'last' }])
    const seen = async () =>
      (await target.list('/v1/events')).filter(({ identity }) => String(identity).startsWith('speaker-'))
    await target.comes('/v1/events?identity=speaker-0', () => true)
    await target.comes(`/v1/events?identity=speaker-${kinds.length - 1}`, () => true)
    const shown = await seen()
    if (shown.length < kinds.length) throw new Error(`${shown.length} of ${kinds.length} events are shown`)
    const kept = shown.filter((event) => isPlanted(JSON.stringify(event))).length
    return outcome(kept > 0, `${kept} of ${kinds.length} stay`)
  },
}

const frames: Attack = {
  id: 'frames',
  kind: 14,
  title: 'Frames of Chinese texts',
  async run(target) {
    const below = numbersOf(1)
    const text = (): string => String.fromCharCode(...Array.from({ length: 2_000 }, () => CHINESE + below(20_000)))
    const events = Array.from({ length: 400 }, (_, n) => ({ identity: 'writer', action: `a${n}`, target: text() }))
    const answer = await target.send('sends', events)
    return outcome(answer.status !== 200, `400 honest events are answered ${answer.status}`)
  },
}

const directory: Attack = {
  id: 'directory',
  kind: 15,
  title: 'A data directory that somebody else made, open to all',
  async run(target) {
    const { mode } = await stat(target.data)
    return outcome((mode & GROUP_AND_OTHERS) !== 0, `mode ${(mode & 0o777).toString(8)} while it runs`)
  },
}

export const TENANTS: readonly Attack[] = [caps, secrets, frames, directory]
