/** A sender that has gone before anybody read its body: its request must end, because what it holds is needed by others. */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, it } from 'vitest'
import { createBudget } from '../../../services/collector/budget.ts'
import { readRequest } from '../../../services/collector/read-request.ts'

it.each(['', 'content-encoding: gzip\r\n'])(
  'ends at once where the connection is gone already (%j)',
  async (header) => {
    const budget = createBudget(1_000)
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const coming = once(server, 'request') as Promise<[IncomingMessage]>
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\n${header}content-length: 100\r\n\r\nhalf`)
    const [request] = await coming
    // Nobody listens for its error yet, as in the collector.
    const gone = new Promise((resolve) => request.on('close', resolve))
    socket.destroy()
    await gone
    const read = await readRequest(request, budget.hold('acme'))
    expect(read).toMatchObject({ ok: false, status: 400, message: expect.stringContaining('broke off') })
    expect(budget.used()).toBe(0)
    server.close()
  },
)
