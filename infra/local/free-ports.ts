/**
 * Ports for servers that are told theirs before they start. They lie below those that the kernel gives to outgoing connections
 * (from 32,768 on Linux): there, a connection of any other process may take the port between the asking and the start.
 */
import { createServer, type Server } from 'node:net'

const LOWEST = 12_000
const HIGHEST = 32_000
const TRIES_MAX = 100

/** Undefined where somebody has it. */
function listenOn(port: number): Promise<Server | undefined> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

async function takeOne(): Promise<Server> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const server = await listenOn(LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST)))
    if (server !== undefined) return server
  }
  throw new Error(`no port between ${LOWEST} and ${HIGHEST} is free on 127.0.0.1`)
}

/** Ports of loopback that are free now; all are held until all are known, so that no two are the same. Throws where none is free. */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = []
  while (servers.length < count) servers.push(await takeOne())
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
