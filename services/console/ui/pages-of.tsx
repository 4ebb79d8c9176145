/** Turning the pages of a list: cursors name places, so what comes in meanwhile moves nothing. */
import { useState } from 'preact/hooks'

export interface Turning {
  /** For the question; undefined on the first page. */
  readonly cursor: string | undefined
  readonly page: number
  next(cursor: string): void
  previous(): void
}

/** `list` says which list it is, by its filters: another one begins at its first page. */
export function useTurning(list = ''): Turning {
  const [state, setState] = useState<{ list: string; cursors: readonly string[] }>({ list, cursors: [] })
  const cursors = state.list === list ? state.cursors : []
  return {
    cursor: cursors.at(-1),
    page: cursors.length + 1,
    next: (cursor) => setState({ list, cursors: [...cursors, cursor] }),
    previous: () => setState({ list, cursors: cursors.slice(0, -1) }),
  }
}

/** Says that a list lacks what was received before the warehouse was lost: silence would look like an all-clear. */
export const Lost = ({ since }: { since: string | undefined }) =>
  since === undefined ? null : (
    <p role="note">
      The warehouse was lost once, and the log no longer held everything: what was received before {since} is missing
      here.
    </p>
  )

/** Nothing where all fits on one page. */
export function Turn({ turning, next }: { turning: Turning; next: string | null }) {
  if (turning.page === 1 && next === null) return null
  return (
    <div class="acts" role="group" aria-label="Pages of the list">
      <button type="button" disabled={turning.page === 1} onClick={turning.previous}>
        Previous page
      </button>
      <span class="faint">Page {turning.page}</span>
      <button type="button" disabled={next === null} onClick={() => turning.next(next as string)}>
        Next page
      </button>
    </div>
  )
}
