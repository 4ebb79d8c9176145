/**
 * Types of the parts of kafkajs 2.2.4 that the adapter builds on and that its public types leave out: connections,
 * protocol requests, request queues. A test pins the version, because none of this is promised by kafkajs.
 */

declare module 'kafkajs/src/protocol/requests/index.js' {
  interface Definitions {
    readonly versions: readonly string[]
  }
  const requests: {
    readonly requests: Readonly<Record<string, Definitions>>
  }
  export = requests
}

declare module 'kafkajs/src/protocol/requests/apiKeys.js' {
  const apiKeys: Readonly<Record<string, number>>
  export = apiKeys
}

declare module 'kafkajs/src/protocol/error.js' {
  const errors: {
    createErrorFromCode(code: number): Error & { readonly type: string; readonly retriable: boolean }
  }
  export = errors
}

declare module 'kafkajs/src/network/requestQueue/index.js' {
  interface Queued {
    readonly entry: { readonly correlationId: number; resolve(answer: unknown): void; reject(error: Error): void }
    readonly expectResponse: boolean
    sendRequest(): void
  }
  class RequestQueue {
    constructor(options: Record<string, unknown>)
    readonly pending: readonly unknown[]
    readonly throttleCheckTimeoutId: NodeJS.Timeout | null
    scheduleCheckPendingRequests(): void
    push(request: Queued): void
    fulfillRequest(answer: { correlationId: number; payload: Buffer; size: number }): void
    maybeThrottle(ms: number): void
    destroy(): void
  }
  export = RequestQueue
}

declare module 'kafkajs/src/network/socketFactory.js' {
  function createSocketFactory(): unknown
  export = createSocketFactory
}

declare module 'kafkajs/src/network/connectionPool.js' {
  interface Connection {
    readonly socket?: { destroy(): void }
    rejectRequests(error: Error): void
  }
  class ConnectionPool {
    constructor(options: Record<string, unknown>)
    readonly host: string
    readonly port: number
    readonly pool: readonly Connection[]
    send(protocolRequest: unknown): Promise<unknown>
    getConnection(index: number): Promise<Connection>
  }
  export = ConnectionPool
}

declare module 'kafkajs/src/broker/index.js' {
  interface ProtocolRequest {
    readonly request: { readonly apiVersion: number }
    readonly response: { readonly decode: (payload: Buffer) => Promise<unknown> }
    readonly requestTimeout?: number | null
  }
  class Broker {
    constructor(options: Record<string, unknown>)
    connect(): Promise<void>
    disconnect(): Promise<void>
    isConnected(): boolean
    lookupRequest(apiKey: number, definitions: unknown): (options: object) => ProtocolRequest
  }
  export = Broker
}

declare module 'kafkajs/src/protocol/recordBatch/record/v0/index.js' {
  function encodeRecord(record: {
    readonly offsetDelta: number
    readonly timestampDelta: number
    readonly key: string | null
    readonly value: Buffer | null
  }): { readonly buffer: Buffer }
  export = encodeRecord
}

declare module 'kafkajs/src/protocol/recordBatch/v0/index.js' {
  const batches: { RecordBatch(options: Record<string, unknown>): Promise<{ readonly buffer: Buffer }> }
  export = batches
}
