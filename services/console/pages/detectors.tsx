/** The detectors: what each reports, whether it is live, how often it fired and how often people said it was right. */
import type { DetectorLine } from '../answers.ts'
import { useQuestion } from '../question.ts'
import { Answered, Card, searchPath, SeverityMark, Tag, term } from '../ui/basics.tsx'
import { Heading } from '../ui/heading.tsx'
import { Rows } from '../ui/rows.tsx'

const precisionOf = ({ verdicts }: DetectorLine): string => {
  const judged = verdicts.true_positive + verdicts.false_positive + verdicts.benign
  return judged === 0 ? 'none yet' : `${verdicts.true_positive} of ${judged} true`
}

/** Those that found most come first: of forty, most are silent on most days. */
const loudestFirst = (items: readonly DetectorLine[]): readonly DetectorLine[] =>
  items.toSorted((a, b) => (b.findings ?? 0) - (a.findings ?? 0))

export function DetectorsPage() {
  const question = useQuestion('/v1/detectors', {}, 30_000)
  return (
    <>
      <Heading title="Detectors" />
      <Card title="What is watched for">
        <Answered question={question}>
          {({ items }) => (
            <Rows
              label="Detectors"
              rows={loudestFirst(items)}
              keyOf={({ id }) => id}
              columns={[
                {
                  title: 'Detector',
                  cell: ({ id, title }) => (
                    <>
                      <code>{id}</code>
                      <br />
                      {title}
                    </>
                  ),
                },
                {
                  title: 'Mode',
                  cell: ({ mode }) => <Tag text={mode} {...(mode === 'live' ? { tone: 'good' as const } : {})} />,
                },
                { title: 'Severity', cell: ({ severity }) => <SeverityMark severity={severity} /> },
                {
                  title: 'Findings',
                  number: true,
                  cell: ({ id, findings }) =>
                    findings === 0 ? (
                      <span class="faint">0</span>
                    ) : (
                      <a href={searchPath(term('detector', id), 'findings')}>
                        {findings?.toLocaleString('en-GB') ?? '?'}
                      </a>
                    ),
                },
                { title: 'Verdicts', cell: precisionOf },
                {
                  title: 'Known to be harmless',
                  cell: ({ false_positives }) => false_positives.map((one) => <div key={one}>{one}</div>),
                },
              ]}
            />
          )}
        </Answered>
      </Card>
    </>
  )
}
