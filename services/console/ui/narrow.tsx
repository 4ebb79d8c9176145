/** A field that narrows a list while somebody types. */
import { useEffect, useRef } from 'preact/hooks'

/** Each letter would be a question of its own. */
const TYPED_MS = 300

export function Narrow(props: { label: string; placeholder: string; value: string; change(value: string): void }) {
  const { label, placeholder, value, change } = props
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => () => clearTimeout(timer.current), [])
  // What is typed wins over an address that is a moment old.
  useEffect(() => {
    if (field.current !== null && document.activeElement !== field.current) field.current.value = value
  }, [value])
  return (
    <input
      ref={field}
      type="search"
      class="narrow"
      aria-label={label}
      placeholder={placeholder}
      defaultValue={value}
      onInput={(event) => {
        const typed = event.currentTarget.value.trim()
        clearTimeout(timer.current)
        timer.current = setTimeout(() => change(typed), TYPED_MS)
      }}
    />
  )
}
