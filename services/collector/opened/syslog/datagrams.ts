/** Syslog over UDP: one message in each datagram. What comes faster than it can be taken is dropped and counted. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { COLLECTOR_LIMITS } from '../../limits.ts'
import { OpenError, type Opened, type OpenTools } from '../opened.ts'
import { createLineQueue } from './queue.ts'
import { createAllowed, createRate } from './senders.ts'
import type { SyslogSettings } from './settings.ts'
import { cleanLine } from './stream.ts'

export async function openDatagrams(settings: SyslogSettings, tools: OpenTools): Promise<Opened> {
  const { host, port, format, plain } = settings
  const queue = createLineQueue(COLLECTOR_LIMITS.open_datagram_queue_bytes_max, (body) =>
    tools.take(body, { format, plain }, tools.sender),
  )
  const allowed = createAllowed(settings)
  const rate = createRate(settings.lines_per_s_max, () => performance.now())
  const socket = createSocket({
    type: isIPv6(host) ? 'udp6' : 'udp4',
    recvBufferSize: COLLECTOR_LIMITS.open_udp_buffer_bytes,
  })
  socket.on('message', (message, { address }) => {
    if (!allowed(address)) tools.drop('unauthorised')
    else if (message.length > COLLECTOR_LIMITS.open_line_bytes_max) tools.drop('too_long')
    else if (!rate.takes()) tools.drop('rate')
    else if (queue.isFull()) tools.drop('queue')
    else queue.push(cleanLine(message))
  })
  const failed = once(socket, 'error').then(([error]) => {
    throw error as Error
  })
  try {
    socket.bind(port, host)
    await Promise.race([once(socket, 'listening'), failed])
  } catch (error) {
    throw new OpenError(`udp ${host}:${port} (${(error as NodeJS.ErrnoException).code ?? 'no such address'})`)
  }
  failed.catch((error: unknown) => tools.logger.error({ err: error }, 'the port of an input failed'))
  tools.logger.info({ host, port: socket.address().port, protocol: 'udp' }, 'syslog is taken')
  return {
    async stop() {
      const closed = once(socket, 'close')
      socket.close()
      await closed
      await queue.drained().catch(() => tools.drop('stopped', queue.size()))
    },
  }
}
