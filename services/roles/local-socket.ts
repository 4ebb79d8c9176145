/**
 * The socket of a running service for programs of the same user on the same machine. It is in the data directory, and only
 * its owner can open it. `POST /freeze/NAME` keeps the parts of the warehouse as they are below `shadow/NAME`; the caller
 * copies and removes them. The embedded ClickHouse locks its directory, so a backup has to ask the service.
 */
import { chmod, rm } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Logger } from '../lib/logger.ts'
import type { Warehouse } from '../lib/warehouse/port.ts'

export const socketFile = (data: string): string => join(data, 'door.sock')

/** What systems allow for the path of a socket. */
const PATH_BYTES_MAX = 100
const FREEZE = /^\/freeze\/([a-z0-9]{1,64})$/

/** Opens the socket; the result closes it. A failure is logged, and the service continues without it. */
export async function openLocalSocket(
  data: string,
  warehouse: Warehouse,
  logger: Logger,
): Promise<() => Promise<void>> {
  const file = socketFile(data)
  if (Buffer.byteLength(file) > PATH_BYTES_MAX) {
    logger.warn({ file }, 'the path is too long for a socket: a backup while this runs will lack the warehouse')
    return async () => undefined
  }
  const server = createServer((asked, answer) => {
    const name = asked.method === 'POST' ? FREEZE.exec(asked.url ?? '')?.[1] : undefined
    const work = name === undefined ? Promise.reject(new Error('there is no such thing here')) : warehouse.freeze(name)
    work.then(
      () => answer.end('{}'),
      (error: Error) => answer.writeHead(503).end(error.message),
    )
  })
  try {
    // Only the holder of the log gets here, so an existing file belongs to a process that was killed.
    await rm(file, { force: true })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(file, resolve)
    })
    await chmod(file, 0o600)
  } catch (error) {
    logger.warn({ file, reason: (error as Error).message }, 'a backup while this runs will lack the warehouse')
  }
  return () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
}

export type FreezeAnswer = { readonly kind: 'done' } | { readonly kind: 'refused' | 'nobody'; readonly reason: string }

/** Asks the service that runs on this data directory to freeze its warehouse under a name. */
export const askToFreeze = (data: string, name: string): Promise<FreezeAnswer> =>
  new Promise((resolve) => {
    const asking = request({ socketPath: socketFile(data), path: `/freeze/${name}`, method: 'POST' }, (answer) => {
      text(answer).then(
        (reason) => resolve(answer.statusCode === 200 ? { kind: 'done' } : { kind: 'refused', reason }),
        (error: Error) => resolve({ kind: 'refused', reason: error.message }),
      )
    })
    asking.on('error', (error) => resolve({ kind: 'nobody', reason: error.message })).end()
  })
