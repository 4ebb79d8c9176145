/** Chooses how long something holds, in hours. */
export const LengthSelect = ({ lengths }: { lengths: readonly (readonly [hours: string, title: string])[] }) => (
  <select name="hours">
    {lengths.map(([hours, title]) => (
      <option key={hours} value={hours}>
        {title}
      </option>
    ))}
  </select>
)
