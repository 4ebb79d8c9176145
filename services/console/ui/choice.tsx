/** One of several, by a list that opens; what is chosen counts at once. */
export const Choice = (props: {
  label: string
  of: readonly (readonly [value: string, title: string, ...unknown[]])[]
  value: string
  change(value: string): void
}) => (
  <select aria-label={props.label} value={props.value} onChange={(event) => props.change(event.currentTarget.value)}>
    {props.of.map(([value, title]) => (
      <option key={value} value={value}>
        {title}
      </option>
    ))}
  </select>
)
