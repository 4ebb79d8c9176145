/** Records acts through the API that are not orders: sessions that people open, files that they export. */
import { randomUUID } from 'node:crypto'
import { commandId, type RecordedAct } from '../../schemas/command.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { Grant } from '../lib/auth.ts'
import type { Clock } from '../lib/clock.ts'
import type { CommandSender } from '../lib/command-sender.ts'

export interface Recorder {
  /** Resolves when it is in the log. Throws LogError. */
  record(grant: Grant, act: RecordedAct, subject: readonly string[]): Promise<void>
}

export const createRecorder = (commands: CommandSender, clock: Clock): Recorder => ({
  async record({ tenant, name }, act, subject) {
    await commands.send({
      type: 'record',
      id: commandId(tenant, 'record', randomUUID()),
      tenant,
      by: name,
      time: new Date(clock.now()).toISOString(),
      act,
      subject: subject.map((one) => one.slice(0, LIMITS.text_chars_max)),
    })
  },
})
