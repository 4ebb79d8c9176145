/**
 * A server that does nothing but answer, as a process of its own. The victim's client asks one as often as the service: what it
 * takes is what the machine and the client add to every answer while an attack keeps the processors busy, whoever is asked.
 * Another one receives the webhooks of both tenants, at the lowest priority: in life it is another machine, and must take no
 * time from the event loop that measures the victim's sends.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { constants, setPriority } from 'node:os'

if (process.argv.includes('--lowest')) setPriority(constants.priority.PRIORITY_LOW)
const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => response.end('{}'))
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.send?.((server.address() as AddressInfo).port)
process.on('disconnect', () => process.exit())
