/**
 * Turns findings of a scope to shadow for a while. It always ends, and everybody can see it. From an incident the scope is
 * one detector about its agent; in the settings it is whatever a person names. What is too wide the service refuses.
 */
import { ANY_DETECTOR } from '../../../schemas/any-detector.ts'
import { change } from '../client.ts'
import { Foreign } from './basics.tsx'
import { Act, textsIn } from './dialog.tsx'
import { LengthSelect } from './length-select.tsx'

const LENGTHS = [
  ['1', '1 hour'],
  ['24', '1 day'],
  ['168', '1 week'],
  ['720', '30 days'],
] as const

const SCOPE = [
  ['agent', 'Agent', 'nightly-scanner'],
  ['target', 'Target', 'orders.example/*'],
  ['peer', 'Peer', 'partner.example'],
  ['network', 'Network', '192.0.2.0/24'],
] as const

const Detector = ({ detectors, every }: { detectors: readonly string[]; every?: true }) => (
  <label>
    Detector
    <select name="detector">
      {detectors.map((detector) => (
        <option key={detector} value={detector}>
          {detector}
        </option>
      ))}
      {every ? <option value={ANY_DETECTOR}>every detector</option> : null}
    </select>
  </label>
)

const Length = () => (
  <label>
    For
    <LengthSelect lengths={LENGTHS} />
  </label>
)

const suppress = (
  scope: { readonly [N in (typeof SCOPE)[number][0]]?: string },
  reason: string,
  form: FormData,
): Promise<unknown> =>
  change('POST', '/v1/suppressions', {
    body: {
      ...scope,
      detector: textsIn(form, 'detector')[0] ?? '',
      until: new Date(Date.now() + Number(form.get('hours')) * 3_600_000).toISOString(),
      reason,
    },
  })

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
        <Detector detectors={props.detectors} />
        <Length />
      </>
    }
    run={(reason, form) => suppress({ agent: props.agent }, reason, form)}
    done={props.done}
  />
)

/** What of a scope was filled in. */
const scopeIn = (form: FormData): Parameters<typeof suppress>[0] =>
  Object.fromEntries(
    SCOPE.map(([name]) => [name, (textsIn(form, name)[0] ?? '').trim()] as const).filter(([, value]) => value !== ''),
  )

export const NewSuppressionAct = (props: { detectors: readonly string[]; done(): void }) => (
  <Act
    label="New suppression"
    explain="Findings that match all of this are stored and shown, and nobody is notified."
    fields={
      <>
        <Detector detectors={props.detectors} every />
        {SCOPE.map(([name, title, example]) => (
          <label key={name}>
            {title} (optional)
            <input name={name} maxLength={256} placeholder={example} />
          </label>
        ))}
        <Length />
      </>
    }
    run={(reason, form) => suppress(scopeIn(form), reason, form)}
    done={props.done}
  />
)
