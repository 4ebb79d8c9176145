/** Turning the pages of a list: cursors name places, so what comes in meanwhile moves nothing. */
import { useState } from 'preact/hooks'

export interface Turning {
  /** For the question; undefined on the first page. */
  readonly cursor: string | undefined
  readonly page: number
  next(cursor: string): void
  previous(): void
  first(): void
}

export function useTurning(): Turning {
  const [cursors, setCursors] = useState<readonly string[]>([])
  return {
    cursor: cursors.at(-1),
    page: cursors.length + 1,
    next: (cursor) => setCursors([...cursors, cursor]),
    previous: () => setCursors(cursors.slice(0, -1)),
    first: () => setCursors([]),
  }
}

/** That a list lacks what was received before the warehouse was lost: without a word it would look like an all-clear. */
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
