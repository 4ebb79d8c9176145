/** A way to a program of this machine that a test closes: connections are refused, or taken and not led on, or led through. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { Mood } from '../conformance/sinks/receiver.ts'

export interface Proxy {
  readonly port: number
  mood(mood: Mood): Promise<void>
  close(): Promise<void>
}

/** Leads to `target`, a port of the loopback address. */
export async function startProxy(target: number): Promise<Proxy> {
  let current: Mood = 'take'
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): Socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    return socket
  }
  const server = createServer((from) => {
    keep(from)
    if (current !== 'take') return
    const to = keep(connect(target, '127.0.0.1'))
    from.on('data', (chunk) => void to.write(chunk))
    to.on('data', (chunk) => void from.write(chunk))
    from.on('close', () => to.destroy())
    to.on('close', () => from.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port,
    async mood(mood) {
      current = mood
      cut()
      if (mood === 'refuse') server.close()
      else if (!server.listening) {
        server.listen(port, '127.0.0.1')
        await once(server, 'listening')
      }
    },
    async close() {
      server.close()
      cut()
    },
  }
}
