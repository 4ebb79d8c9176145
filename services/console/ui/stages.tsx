/** The kill chain: which tactics the findings of an incident speak of. */
import { TACTICS, TECHNIQUES } from '../../../schemas/techniques.ts'
import type { Finding } from '../answers.ts'
import { Card } from './basics.tsx'

export function Stages({ findings }: { findings: readonly Finding[] }) {
  const reached = new Set(
    findings.flatMap(({ techniques }) => techniques.map((technique) => TECHNIQUES.get(technique)?.tactic ?? null)),
  )
  return (
    <Card title="How far it got">
      <ol class="stages">
        {TACTICS.map((tactic) => (
          <li key={tactic} class={reached.has(tactic) ? 'reached' : ''}>
            {tactic}
            {reached.has(tactic) ? <span class="visually-hidden"> (reached)</span> : null}
          </li>
        ))}
      </ol>
    </Card>
  )
}
