/** What a person makes of a finding or an incident. */
import { textsIn } from './dialog.tsx'

const VERDICTS = [
  ['true_positive', 'True: it was what it looks like'],
  ['false_positive', 'False: nothing of the kind happened'],
  ['benign', 'Benign: it happened, and it was meant to'],
] as const

type Verdict = (typeof VERDICTS)[number][0]

/** The verdict chosen in the form; the first one if none was. */
export const verdictIn = (form: FormData): Verdict =>
  VERDICTS.find(([verdict]) => textsIn(form, 'verdict').includes(verdict))?.[0] ?? VERDICTS[0][0]

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
