/** The detectors: what each tells, whether it is live, how often it spoke and how often people said it was right. */
import type { DetectorLine, List } from '../answers.ts'
import { useQuestion } from '../question.ts'
import { Answered, Card, searchPath, SeverityMark, Tag, term } from '../ui/basics.tsx'
import { Heading } from '../ui/heading.tsx'
import { Rows } from '../ui/rows.tsx'

const precisionOf = ({ verdicts }: DetectorLine): string => {
  const judged = verdicts.true_positive + verdicts.false_positive + verdicts.benign
  return judged === 0 ? 'none yet' : `${verdicts.true_positive} of ${judged} true`
}

export function DetectorsPage() {
  const question = useQuestion<List<DetectorLine>>('/v1/detectors', {}, 30_000)
  return (
    <>
      <Heading title="Detectors" />
      <Card title="What is watched for">
        <Answered question={question}>
          {({ items }) => (
            <Rows
              label="Detectors"
              rows={items}
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
                  cell: ({ id, findings }) => <a href={searchPath(term('detector', id), 'findings')}>{findings}</a>,
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
