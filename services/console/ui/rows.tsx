/** A table whose rows open something: with the mouse, with Enter, and with j and k. */
import type { ComponentChildren } from 'preact'
import { useLocation } from 'preact-iso'

export interface Column<T> {
  readonly title: string
  readonly number?: boolean
  cell(row: T): ComponentChildren
}

interface RowsProps<T> {
  readonly label: string
  readonly columns: readonly Column<T>[]
  readonly rows: readonly T[]
  keyOf(row: T): string
  /** Where a row leads; absent for rows that lead nowhere. */
  pathOf?(row: T): string
  /** For triage: the keys that are selected, and what to do when x or the box toggles one. */
  readonly selected?: ReadonlySet<string>
  toggle?(key: string): void
}

const isControl = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('a, button, input') !== null

export function Rows<T>(props: RowsProps<T>) {
  const { label, columns, rows, keyOf, pathOf, selected, toggle } = props
  const { route } = useLocation()
  // The caller says in words that the list is empty.
  if (rows.length === 0) return null
  return (
    <section class="table rows" aria-label={label} tabIndex={0}>
      <table aria-label={label}>
        <thead>
          <tr>
            {toggle === undefined ? null : (
              <th scope="col">
                <span class="visually-hidden">Selected</span>
              </th>
            )}
            {columns.map(({ title, number }) => (
              <th key={title} scope="col" class={number === true ? 'number' : ''}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const key = keyOf(row)
            const open = pathOf === undefined ? undefined : () => route(pathOf(row))
            return (
              <tr
                key={key}
                data-row={open === undefined ? undefined : key}
                tabIndex={open === undefined ? undefined : 0}
                aria-selected={selected?.has(key) === true ? true : undefined}
                onClick={(event) => (isControl(event.target) ? undefined : open?.())}
                onKeyDown={(event) => {
                  if (event.target !== event.currentTarget) return
                  if (event.key === 'Enter') open?.()
                  if (event.key === 'x') toggle?.(key)
                }}
              >
                {toggle === undefined ? null : (
                  <td>
                    <input
                      type="checkbox"
                      aria-label={`Select ${key}`}
                      checked={selected?.has(key)}
                      onChange={() => toggle(key)}
                    />
                  </td>
                )}
                {columns.map((column) => (
                  <td key={column.title} data-label={column.title} class={column.number === true ? 'number' : ''}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            )
          })}
        </tbody>
      </table>
    </section>
  )
}
