/**
 * Live updates: one stream of server-sent events for each noun, shared by everything on the page that needs it, and
 * closed while the page is hidden. A stream only says that something arrived. The page then repeats its query, so that it
 * shows what it always shows.
 */

import { hrefOf } from './client.ts'

/** The nouns that the API streams. */
export type Live = 'incidents' | 'findings' | 'events'

/** News that come together are one piece of news. */
const GATHER_MS = 250

interface Stream {
  readonly listeners: Set<() => void>
  source: EventSource | undefined
  timer: ReturnType<typeof setTimeout> | undefined
}

const streams = new Map<Live, Stream>()

function tell(stream: Stream): void {
  stream.timer ??= setTimeout(() => {
    stream.timer = undefined
    for (const listener of stream.listeners) listener()
  }, GATHER_MS)
}

function open(noun: Live, stream: Stream): void {
  if (stream.source !== undefined || document.visibilityState !== 'visible') return
  const source = new EventSource(hrefOf(`/v1/${noun}/tail`, {}))
  stream.source = source
  source.addEventListener(noun, () => tell(stream))
  source.addEventListener('message', () => tell(stream))
  // A browser reconnects by itself after a break. It does not retry a refused stream, but polling continues.
  source.addEventListener('error', () => {
    if (source.readyState === EventSource.CLOSED && stream.source === source) stream.source = undefined
  })
}

function close(stream: Stream): void {
  stream.source?.close()
  stream.source = undefined
}

document.addEventListener('visibilitychange', () => {
  for (const [noun, stream] of streams) {
    if (document.visibilityState !== 'visible') close(stream)
    else if (stream.listeners.size > 0) {
      open(noun, stream)
      // What came meanwhile was not heard.
      tell(stream)
    }
  }
})

/** Calls `listener` when something of the noun came, until the returned function is called. */
export function listen(noun: Live, listener: () => void): () => void {
  const stream = streams.get(noun) ?? { listeners: new Set(), source: undefined, timer: undefined }
  streams.set(noun, stream)
  stream.listeners.add(listener)
  open(noun, stream)
  return () => {
    stream.listeners.delete(listener)
    if (stream.listeners.size === 0) close(stream)
  }
}
