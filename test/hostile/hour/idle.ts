/**
 * A server that does nothing but answer, as a process of its own. The victim's client asks it as often as the service: what it
 * takes is what the machine and the client add to every answer while an attack keeps the processors busy, whoever is asked.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => response.end('{}'))
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.send?.((server.address() as AddressInfo).port)
process.on('disconnect', () => process.exit())
