/**
 * Puts findings into the forms of OCSF and ECS, as both revisions and as the page of their incident, and checks each document
 * against its schema. Prints how many there were of each form and what broke; ends with 1 where something did.
 *
 *   npm run -s moltwatch -- replay FILE | npm run -s forms
 */
import { createInterface } from 'node:readline'
import { toolOptions } from '../../scripts/tool-options.ts'
import { findingValidator, type Finding } from '../../schemas/finding.ts'
import type { Notice } from '../../schemas/notice.ts'
import { ecsOf } from '../../services/responder/sinks/elasticsearch/ecs.ts'
import { ocsfOf } from '../../services/responder/sinks/lib/ocsf.ts'
import { ecsProblems } from './ecs.ts'
import { ocsfProblems } from './ocsf.ts'

toolOptions(import.meta.url, {})

const SHOWN_MAX = 20
const TIME = '2026-01-05T12:00:00.000Z'

/** What is told of a finding. */
function noticesOf(finding: Finding): Notice[] {
  const { id, tenant, agent, owner, severity, title, why, detector, techniques } = finding
  const page = { incident_id: id, tenant, agent, owner, severity, title, why, finding_id: id, detector, techniques }
  return [
    { type: finding.revision === 1 ? 'finding.created' : 'finding.updated', time: TIME, data: { ...finding } },
    { type: 'incident.paged', time: TIME, data: { ...page, reason: 'the policy asks for it' } },
  ]
}

const FORMS = [
  { name: 'OCSF 1.8', problems: (notice: Notice) => ocsfProblems(ocsfOf(notice)) },
  { name: 'ECS 8.17', problems: (notice: Notice) => ecsProblems(ecsOf(notice)) },
] as const

let findings = 0
const broken: string[] = []
for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
  if (line.trim() === '') continue
  const value = JSON.parse(line) as unknown
  if (!findingValidator.check(value)) throw new Error(`a line that is no finding: ${line.slice(0, 120)}`)
  findings += 1
  for (const notice of noticesOf(value)) {
    for (const { name, problems } of FORMS) {
      broken.push(...problems(notice).map((problem) => `${name}: ${value.id} ${notice.type}: ${problem}`))
    }
  }
}
console.log(`${findings} findings, ${2 * findings} notices in each form, ${broken.length} breaches`)
for (const problem of broken.slice(0, SHOWN_MAX)) console.log(problem)
process.exitCode = broken.length > 0 || findings === 0 ? 1 : 0
