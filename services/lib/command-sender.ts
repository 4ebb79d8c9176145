/** Puts commands into the log, where the responder takes them in order: the one way to ask something of it. */
import { type Command, encodeCommand } from '../../schemas/command.ts'
import { partitionOf } from '../../schemas/ids.ts'
import type { Log } from './log/port.ts'

export interface CommandSender {
  /** Resolves when the command is durable. Throws LogError. */
  send(command: Command): Promise<void>
}

export const createCommandSender = (log: Log): CommandSender => ({
  async send(command) {
    const partition = partitionOf(command.tenant, log.partitions('commands'))
    await log.append('commands', partition, [{ key: command.tenant, value: encodeCommand(command) }])
  },
})
