/** Searches that a person keeps in this browser. */
import { useState } from 'preact/hooks'

const PLACE = 'saved-searches'
const KEPT_MAX = 30

interface Saved {
  readonly name: string
  readonly path: string
}

function read(): readonly Saved[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(PLACE) ?? '[]')
    return Array.isArray(kept) ? (kept as Saved[]).filter(({ path }) => path.startsWith('/console/search?')) : []
  } catch {
    return []
  }
}

export function SavedSearches({ path, name }: Saved) {
  const [saved, setSaved] = useState(read)
  const keep = (next: readonly Saved[]): void => {
    setSaved(next)
    localStorage.setItem(PLACE, JSON.stringify(next))
  }
  const isKept = saved.some((search) => search.path === path)
  return (
    <div class="acts">
      {saved.map((search) => (
        <a key={search.path} class="tag" href={search.path}>
          {search.name === '' ? 'everything' : search.name}
        </a>
      ))}
      <button
        type="button"
        onClick={() =>
          keep(isKept ? saved.filter((search) => search.path !== path) : [{ name, path }, ...saved].slice(0, KEPT_MAX))
        }
      >
        {isKept ? 'Forget this search' : 'Keep this search'}
      </button>
    </div>
  )
}
