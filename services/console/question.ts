/**
 * A question to the API as a hook: its latest answer, whether it is still asking, and what went wrong. It asks again every
 * so often while the page is visible, and keeps the old answer meanwhile, so that nothing jumps.
 */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { get } from './client.ts'

export interface Question<T> {
  readonly answer: T | undefined
  readonly error: Error | undefined
  readonly asking: boolean
  /** Asks at once, for example after an order. */
  ask(): void
}

type Query = Readonly<Record<string, string | number | undefined>>

/**
 * Asks `path` now, whenever it or the query changes, and then every `everyMs` (0: not again). An undefined path asks
 * nothing.
 */
export function useQuestion<T>(path: string | undefined, query: Query = {}, everyMs = 0): Question<T> {
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
    if (everyMs === 0) return undefined
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') ask()
    }, everyMs)
    return () => clearInterval(timer)
  }, [ask, everyMs])
  return { answer: state.answer, error: state.error, asking: state.asking, ask }
}
