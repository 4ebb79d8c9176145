/** `sinks test`: sends a test to one sink of the configuration, past the log, and says what came of it. */
import { randomUUID } from 'node:crypto'
import { H } from '../../../schemas/ids.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Notice } from '../../../schemas/notice.ts'
import { systemClock } from '../../lib/clock.ts'
import { systemResolve } from '../../responder/sinks/lib/connector.ts'
import { openSink } from '../../responder/sinks/open.ts'
import type { AddCommand, CommandTools } from '../lib/command.ts'
import { EXIT, UsageError } from '../../lib/errors.ts'
import { readConfiguration } from '../lib/serving.ts'
import { print } from '../lib/terminal.ts'

async function test(name: string, { config: file }: { readonly config: string }, tools: CommandTools): Promise<void> {
  const { sinks } = await readConfiguration(file, tools)
  const sink = sinks.find((one) => one.name === name)
  if (sink === undefined) {
    const known = sinks.map((one) => one.name).join(', ')
    throw new UsageError(`${file} has no sink ${name} (known: ${known === '' ? 'none' : known})`)
  }
  const nowMs = systemClock.now()
  const id = H('sink-test', name, randomUUID())
  const notice: Notice = {
    type: 'sink.test',
    time: new Date(nowMs).toISOString(),
    data: { id, tenant: sink.tenant, sink: name, detail: 'A person tries whether this sink hears moltwatch.' },
  }
  const channel = openSink(sink, { resolve: systemResolve, timeoutMs: LIMITS.delivery_timeout_ms })
  const outcome = await channel.send(notice, { id, nowMs })
  await channel.close()
  await print(tools.terminal, `${name} (${sink.type}): ${outcome.kind}, ${outcome.detail}`)
  if (outcome.kind !== 'delivered') tools.exit(EXIT.failed)
}

export const addSinks: AddCommand = (program, tools) => {
  const sinks = program.command('sinks').description('what is told, and where')
  sinks
    .command('test')
    .description('send a test to one sink of the configuration and say what came of it')
    .argument('<name>', 'name of the sink')
    .requiredOption('--config <file>', 'YAML configuration; see docs/sinks.md')
    .action((name: string, options: { readonly config: string }) => test(name, options, tools))
}
