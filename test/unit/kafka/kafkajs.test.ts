/** The adapter builds on parts of kafkajs that its authors do not promise: these tests say what has to stay as it is. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js'
import { describe, expect, it } from 'vitest'
import '../../../services/lib/log/kafka/wire.ts'

const read = (path: string): unknown => JSON.parse(readFileSync(createRequire(import.meta.url).resolve(path), 'utf8'))

describe('kafkajs', () => {
  it('is the version whose inner parts the adapter knows', () => {
    const { version } = read('kafkajs/package.json') as { version: string }
    const { dependencies } = read('../../../package.json') as { dependencies: Record<string, string> }
    expect([version, dependencies['kafkajs']]).toEqual(['2.2.4', '2.2.4'])
  })

  it('looks at a queue only while something waits in it', () => {
    const quiet = { debug: () => undefined, warn: () => undefined, namespace: () => quiet }
    const options = { maxInFlightRequests: 1, requestTimeout: 1_000, enforceRequestTimeout: false, logger: quiet }
    const queue = new RequestQueue({ ...options, clientId: 'test', broker: 'none:0' })
    const sent: number[] = []
    const push = (correlationId: number): void =>
      queue.push({
        entry: { correlationId, resolve: () => undefined, reject: () => undefined },
        expectResponse: true,
        sendRequest: () => sent.push(correlationId),
      })
    queue.scheduleCheckPendingRequests()
    expect(queue.throttleCheckTimeoutId).toBeNull()
    push(1)
    expect(queue.throttleCheckTimeoutId).toBeNull()
    push(2)
    expect(queue.throttleCheckTimeoutId).not.toBeNull()
    queue.fulfillRequest({ correlationId: 1, payload: Buffer.alloc(0), size: 0 })
    expect(sent).toEqual([1, 2])
    queue.destroy()
  })

  it('holds back what a broker wants held back, and sends it when the time has come', async () => {
    const quiet = { debug: () => undefined, warn: () => undefined, namespace: () => quiet }
    const options = { maxInFlightRequests: null, requestTimeout: 1_000, enforceRequestTimeout: false, logger: quiet }
    const queue = new RequestQueue({ ...options, clientId: 'test', broker: 'none:0' })
    queue.maybeThrottle(20)
    await new Promise<void>((resolve) => {
      queue.push({
        entry: { correlationId: 1, resolve: () => undefined, reject: () => undefined },
        expectResponse: true,
        sendRequest: resolve,
      })
    })
    queue.destroy()
  })
})
