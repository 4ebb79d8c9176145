/** The top of a page: its title, which is the title of the window, too, and its acts. */
import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'
import { visible } from '../format.ts'

export function Heading({ title, children }: { title: string; children?: ComponentChildren }) {
  useEffect(() => {
    document.title = `${visible(title)} · moltwatch`
  }, [title])
  return (
    <div class="title">
      <h1>{visible(title)}</h1>
      {children}
    </div>
  )
}
