/**
 * The keyboard: `g` and a letter goes to a page, `/` to the search, `j` and `k` move through a list, Enter opens, and the
 * letters of buttons press them. Nothing happens while somebody types into a field or a dialog is open.
 */
import { useEffect } from 'preact/hooks'

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.closest('input, textarea, select, dialog[open]') !== null || target.isContentEditable)

/** Moves the focus through the rows of a page that can be opened. */
function move(step: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')]
  if (rows.length === 0) return
  const at = rows.indexOf(document.activeElement as HTMLElement)
  const next = rows[Math.min(rows.length - 1, Math.max(0, at + step))]
  next?.focus()
  next?.scrollIntoView({ block: 'nearest' })
}

/** Listens for keys. `pages` maps the letter behind `g` to a path, `go` opens it. */
export function useKeys(pages: ReadonlyMap<string, string>, go: (path: string) => void): void {
  useEffect(() => {
    let going = false
    const listen = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      const { key } = event
      if (going) {
        going = false
        const path = pages.get(key)
        if (path !== undefined) go(path)
        return
      }
      if (key === 'g') going = true
      else if (key === 'j') move(1)
      else if (key === 'k') move(-1)
      else if (key === '/') {
        event.preventDefault()
        const field = document.querySelector<HTMLInputElement>('input[type=search]')
        if (field === null) go('/console/search')
        else field.focus()
      } else if (/^[a-z?]$/.test(key)) {
        document.querySelector<HTMLButtonElement>(`button[data-shortcut="${key}"]:not(:disabled)`)?.click()
      }
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [])
}
