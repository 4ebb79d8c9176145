/** What a page goes by, in the query of its address: every view can be sent to a colleague, and survives a reload. */
import { useLocation } from 'preact-iso'

export interface Parameters {
  /** '' where the address does not have it. */
  of(name: string): string
  /** Changes some and leaves the others; '' removes one. The place in the history stays. */
  set(changes: Readonly<Record<string, string>>): void
}

export function useParameters(): Parameters {
  const { path, query, route } = useLocation()
  return {
    of: (name) => (Object.hasOwn(query, name) ? (query[name] ?? '') : ''),
    set(changes) {
      const kept = Object.entries({ ...query, ...changes }).filter(([, value]) => value !== '')
      route(kept.length === 0 ? path : `${path}?${new URLSearchParams(kept)}`, true)
    },
  }
}
