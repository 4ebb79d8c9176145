/** Turns findings of one kind to shadow for a while. It always ends, and everybody can see it. */
import { change } from '../client.ts'
import { Foreign } from './basics.tsx'
import { Act } from './dialog.tsx'
import { LengthSelect } from './length-select.tsx'

const LENGTHS = [
  ['1', '1 hour'],
  ['24', '1 day'],
  ['168', '1 week'],
  ['720', '30 days'],
] as const

export const SuppressAct = (props: { agent: string; detectors: readonly string[]; done(): void }) => (
  <Act
    label="Suppress"
    explain={
      <>
        Findings of this detector about <Foreign text={props.agent} /> are stored and shown, and told to nobody.
      </>
    }
    fields={
      <>
        <label>
          Detector
          <select name="detector">
            {props.detectors.map((detector) => (
              <option key={detector} value={detector}>
                {detector}
              </option>
            ))}
          </select>
        </label>
        <label>
          For
          <LengthSelect lengths={LENGTHS} />
        </label>
      </>
    }
    run={(reason, form) =>
      change('POST', '/v1/suppressions', {
        detector: form.get('detector'),
        agent: props.agent,
        until: new Date(Date.now() + Number(form.get('hours')) * 3_600_000).toISOString(),
        reason,
      })
    }
    done={props.done}
  />
)
