/** What a person makes of a finding or an incident. */

const VERDICTS = [
  ['true_positive', 'True: it was what it looks like'],
  ['false_positive', 'False: nothing of the kind happened'],
  ['benign', 'Benign: it happened, and it was meant to'],
] as const

export const VerdictField = () => (
  <label>
    Verdict
    <select name="verdict" required>
      {VERDICTS.map(([value, title]) => (
        <option key={value} value={value}>
          {title}
        </option>
      ))}
    </select>
  </label>
)
