/** A list of findings, as Search and the page of an agent show it. */
import type { Finding } from '../answers.ts'
import { Agent, findingPath, Sentence, SeverityMark, Time } from './basics.tsx'
import { type Column, Rows } from './rows.tsx'

const pathOf = ({ id }: Finding): string => findingPath(id)

const AGENT: Column<Finding> = { title: 'Agent', cell: ({ agent }) => <Agent identity={agent} /> }

const columnsOf = (agent: boolean): readonly Column<Finding>[] => [
  { title: 'Severity', cell: ({ severity }) => <SeverityMark severity={severity} /> },
  { title: 'Finding', cell: (finding) => <a href={pathOf(finding)}>{finding.title}</a> },
  ...(agent ? [AGENT] : []),
  { title: 'Why', cell: ({ why }) => <Sentence text={why} /> },
  { title: 'Time', cell: ({ time }) => <Time at={time} brief /> },
]

/** `agent`: whether each row names the agent. */
export const FindingsTable = ({ findings, agent }: { findings: readonly Finding[]; agent: boolean }) => (
  <Rows label="Findings" rows={findings} keyOf={({ id }) => id} pathOf={pathOf} columns={columnsOf(agent)} />
)
