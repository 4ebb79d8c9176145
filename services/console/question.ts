/**
 * A question to the API as a hook: its latest answer, whether it is still asking, and what went wrong. It asks again when
 * something came live, or every so often while the page is visible, and keeps the old answer meanwhile, so that nothing
 * jumps.
 */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { get, type Query } from './client.ts'
import { type Live, listen } from './live.ts'

export interface Question<T> {
  readonly answer: T | undefined
  readonly error: Error | undefined
  readonly asking: boolean
  /** Asks at once, for example after an order. */
  ask(): void
}

/** What a live question asks again without news: a stream may be refused, or tell of only part of what is shown. */
const LIVE_EVERY_MS = 10_000

/**
 * Asks `path` now, whenever it or the query changes, and then when something of a noun comes live, or every so many
 * milliseconds (0: not again). An undefined path asks nothing.
 */
export function useQuestion<T>(path: string | undefined, query: Query = {}, again: number | Live = 0): Question<T> {
  const [state, setState] = useState<{ answer?: T; error?: Error; asking: boolean }>({ asking: path !== undefined })
  const text = path === undefined ? undefined : JSON.stringify([path, query])
  const newest = useRef(0)
  const ask = useCallback(() => {
    if (path === undefined) return
    newest.current += 1
    const mine = newest.current
    setState((old) => ({ ...old, asking: true }))
    get<T>(path, query)
      .then((answer) => mine === newest.current && setState({ answer, asking: false }))
      .catch((error: unknown) => {
        // A refresh that failed leaves the old answer, and says so.
        if (mine === newest.current) setState((old) => ({ ...old, error: error as Error, asking: false }))
      })
    // The text stands for path and query.
  }, [text])
  useEffect(() => {
    setState({ asking: path !== undefined })
    ask()
    if (again === 0 || path === undefined) return undefined
    const look = (): void => {
      if (document.visibilityState === 'visible') ask()
    }
    const timer = setInterval(look, typeof again === 'number' ? again : LIVE_EVERY_MS)
    const deafen = typeof again === 'number' ? undefined : listen(again, look)
    return () => {
      clearInterval(timer)
      deafen?.()
    }
  }, [ask, again])
  return { answer: state.answer, error: state.error, asking: state.asking, ask }
}
