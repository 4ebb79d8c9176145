/**
 * A question to the API as a hook: its latest answer, whether it is still asking, and what went wrong. It asks again when
 * something came live, or every so often while the page is visible, and keeps the old answer meanwhile, so that nothing
 * jumps.
 */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { type Answer, type Asked, get, type PathOf } from './client.ts'
import { type Live, listen } from './live.ts'

export interface Question<T> {
  readonly answer: T | undefined
  readonly error: Error | undefined
  readonly asking: boolean
  /** Asks at once, for example after an order. */
  ask(): void
}

/** Polling interval of a live query: a stream may be refused, or cover only part of what is shown. */
const LIVE_EVERY_MS = 10_000

/**
 * Asks `path` now, whenever it or what it takes changes, and then when something of a noun comes live, or every so many
 * milliseconds (0: not again). An undefined path asks nothing.
 */
export function useQuestion<P extends PathOf<'GET'>>(
  path: P | undefined,
  asked: Asked<'GET', P>,
  again: number | Live = 0,
): Question<Answer<'GET', P>> {
  type T = Answer<'GET', P>
  const [state, setState] = useState<{ answer?: T; error?: Error; asking: boolean }>({ asking: path !== undefined })
  const text = path === undefined ? undefined : JSON.stringify([path, asked])
  const newest = useRef(0)
  const ask = useCallback(() => {
    if (path === undefined) return
    newest.current += 1
    const mine = newest.current
    setState((old) => ({ ...old, asking: true }))
    get(path, asked)
      .then((answer) => mine === newest.current && setState({ answer, asking: false }))
      .catch((error: unknown) => {
        // A failed refresh keeps the old answer and shows the error.
        if (mine === newest.current) setState((old) => ({ ...old, error: error as Error, asking: false }))
      })
    // The text stands for the path and its parameters.
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
