/** Rows that a person has chosen, for an act on many. */
import { useState } from 'preact/hooks'

export interface Choosing {
  readonly selected: ReadonlySet<string>
  toggle(id: string): void
  /** Chooses these and no others. */
  choose(ids: readonly string[]): void
}

export function useChoosing(): Choosing {
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  return {
    selected,
    toggle(id) {
      const next = new Set(selected)
      if (!next.delete(id)) next.add(id)
      setSelected(next)
    },
    choose: (ids) => setSelected(new Set(ids)),
  }
}

/** In the order of the list, which may have changed since: what is not shown is not acted on. */
export const inListOrder = (items: readonly { readonly id: string }[], { selected }: Choosing): readonly string[] =>
  items.flatMap(({ id }) => (selected.has(id) ? [id] : []))
