/**
 * The chain that an incident belongs to: incidents of other agents that share a session, a credential or a peer with it,
 * or that name each other. A button merges them into one incident.
 */
import type { Tie, TieKind } from '../../../schemas/chain.ts'
import type { Incident, IncidentInFull } from '../answers.ts'
import { change } from '../client.ts'
import { counted } from '../format.ts'
import { Agent, Card, Foreign, incidentPath, Sentence, SeverityMark } from './basics.tsx'
import { Act, textsIn } from './dialog.tsx'
import { headlineOf, StatusTag } from './incident-table.tsx'

const WORDS: Readonly<Record<TieKind, string>> = {
  session: 'the same session',
  credential: 'the same credential',
  peer: 'the same peer',
  identity: 'names',
}

const TieText = ({ tie }: { tie: Tie }) => (
  <li>
    {WORDS[tie.by]} <Foreign text={tie.value} short />
  </li>
)

function MergeAct({ incident, others, done }: { incident: Incident; others: readonly Incident[]; done(): void }) {
  return (
    <Act
      label="Merge the chain"
      explain="The chosen incidents go into this one, and what comes later of their agents, too."
      fields={
        <fieldset>
          <legend>Incidents</legend>
          {others.map((one) => (
            <label key={one.id}>
              <input type="checkbox" name="incident" value={one.id} checked /> <Foreign text={one.agent} short />:{' '}
              <Sentence text={headlineOf(one)} />
            </label>
          ))}
        </fieldset>
      }
      run={(reason, form) =>
        change('POST', '/v1/incidents/merge', {
          body: { incident_ids: [incident.id, ...textsIn(form, 'incident')], reason },
        })
      }
      done={done}
    />
  )
}

export function ChainCard({ incident, done }: { incident: IncidentInFull; done(): void }) {
  const { links, more, common } = incident.chain
  if (links.length === 0 && common.length === 0) return null
  const isWhole = incident.merged_into === null && links.length > 0
  return (
    <Card
      title="Of the same chain"
      aside={
        isWhole ? <MergeAct incident={incident} others={links.map((link) => link.incident)} done={done} /> : undefined
      }
    >
      <ul class="chain">
        {links.map(({ incident: other, ties, from }) => (
          <li key={other.id}>
            <SeverityMark severity={other.severity} /> <Agent identity={other.agent} />{' '}
            <StatusTag status={other.status} assignee={other.assignee} />
            <div>
              <a href={incidentPath(other.id)}>
                <Sentence text={headlineOf(other)} />
              </a>
            </div>
            <ul class="beneath">
              {ties.map((tie) => (
                <TieText key={`${tie.by} ${tie.value}`} tie={tie} />
              ))}
              {from === incident.id ? null : <li>by way of another incident of the chain</li>}
            </ul>
          </li>
        ))}
      </ul>
      {more ? <p class="faint">There are more: these are the nearest.</p> : null}
      {common.map((tie) => (
        <p key={`${tie.by} ${tie.value}`} class="faint">
          {counted(tie.agents, 'agent')} share {WORDS[tie.by]} <Foreign text={tie.value} short />: that many are no
          chain.
        </p>
      ))}
    </Card>
  )
}
