/**
 * Who talks to whom, as two columns: agents on the left, on the right the peers, credentials and people that they act for. Columns stay readable where a cloud of dots
 * does not, and nothing moves when an edge comes. New edges are drawn last and in another colour.
 */
import type { Edge } from '../answers.ts'
import { counted, utcOf, visible } from '../format.ts'
import { agentPath, peerPath, searchPath, term } from './basics.tsx'

const ROW = 20
const WIDTH = 900
const LEFT = 300
const RIGHT = 600
/** Edges drawn; new ones first, then the busiest. */
const EDGES_MAX = 150
const LABEL_CHARS = 42

const shortened = (text: string): string =>
  text.length <= LABEL_CHARS ? visible(text) : `${visible(text.slice(0, LABEL_CHARS - 1))}…`

const PATHS: Readonly<Record<Edge['kind'], (name: string) => string>> = {
  peer: peerPath,
  credential: (name) => searchPath(term('credential', name)),
  delegation: agentPath,
}

/** Names in the order in which they appear, each with its row. */
const rowsOf = (names: Iterable<string>): Map<string, number> =>
  new Map([...new Set(names)].map((name, row) => [name, row * ROW + ROW]))

export function Graph({ edges }: { edges: readonly Edge[] }) {
  const shown = edges.toSorted((a, b) => Number(b.new) - Number(a.new) || b.count - a.count).slice(0, EDGES_MAX)
  const agents = rowsOf(shown.map((edge) => edge.from))
  const peers = rowsOf(shown.map((edge) => edge.to))
  const kinds = new Map(shown.map((edge) => [edge.to, edge.kind]))
  const height = (Math.max(agents.size, peers.size) + 1) * ROW
  return (
    <>
      <section class="table" aria-label="Graph" tabIndex={0}>
        <svg
          class="plot graph"
          viewBox={`0 0 ${WIDTH} ${height}`}
          role="group"
          aria-label={`${counted(shown.length, 'edge')} between agents, peers, credentials and people`}
        >
          {shown.toReversed().map((edge) => (
            <line
              key={`${edge.kind} ${edge.from} ${edge.to}`}
              class={edge.new ? 'new' : ''}
              x1={LEFT}
              y1={agents.get(edge.from)}
              x2={RIGHT}
              y2={peers.get(edge.to)}
            >
              <title>{`${visible(edge.from)} to ${visible(edge.to)}: ${edge.count}, since ${utcOf(new Date(edge.first_seen))}`}</title>
            </line>
          ))}
          {[...agents].map(([name, y]) => (
            <a key={name} href={agentPath(name)}>
              <circle cx={LEFT} cy={y} r={4} />
              <text x={LEFT - 10} y={y + 4} text-anchor="end">
                {shortened(name)}
              </text>
            </a>
          ))}
          {[...peers].map(([name, y]) => (
            <a key={name} href={PATHS[kinds.get(name) ?? 'peer'](name)}>
              <circle class="peer" cx={RIGHT} cy={y} r={4} />
              <text x={RIGHT + 10} y={y + 4}>
                {shortened(name)}
              </text>
            </a>
          ))}
        </svg>
      </section>
      {edges.length > shown.length ? (
        <p class="faint">
          {edges.length - shown.length} more contacts are not drawn: the new ones and the busiest are.
        </p>
      ) : null}
    </>
  )
}
