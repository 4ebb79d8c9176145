/**
 * `thresholds`: reads what people have said of incidents (true, false, benign) from a running service and says by how much
 * the thresholds of detectors with a joint score should move. `--write` puts them into a file of the tenant beside the
 * configuration, which the service takes up as a section of its knowledge, like every other setting. No label of an attack is
 * read: what a person says of a finding of this installation is all that counts.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import { counted } from '../../../schemas/counted.ts'
import type { AddCommand, CommandTools } from '../lib/command.ts'
import { readConfiguration } from '../lib/serving.ts'
import { createServiceClient, type ServiceClient, serviceToken } from '../lib/service-client.ts'
import { table } from '../lib/table.ts'
import { print, say } from '../lib/terminal.ts'
import { type Judged, type Proposal, proposalsOf } from './proposal.ts'

interface ThresholdsOptions {
  readonly config: string
  readonly tenant: string
  readonly url: string
  readonly data: string
  readonly write?: true
  readonly json?: true
}

const PAGE = 1_000
/** Last by name of what people would call their own files, so that it lies over them. */
const FILE = 'zz-thresholds.yaml'

async function incidentsOf(client: ServiceClient): Promise<Judged[]> {
  const found: Judged[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const at: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const page: { readonly items: readonly Judged[]; readonly next_cursor: string | null } = await client.get(
      `/v1/incidents?limit=${PAGE}${at}`,
    )
    found.push(...page.items)
    cursor = page.next_cursor
  }
  return found
}

/** The file: what has moved and nothing else; a detector that is back where the budget puts it is left out. */
export function fileOf(proposals: readonly Proposal[]): string {
  const moved = proposals.flatMap(({ detector, factor, to }) =>
    to === undefined || factor === 1
      ? []
      : [[detector, { settings: { score_low: to.medium, score_medium: to.medium, score_high: to.high } }] as const],
  )
  return [
    '# Written by `moltwatch thresholds --write` from verdicts of people. Written anew each time: keep your own settings elsewhere.',
    stringify({ detection: { detectors: Object.fromEntries(moved) } }),
  ].join('\n')
}

/** Whole or not at all, because the service watches the folder. Answers whether anything is different now. */
async function put(file: string, content: string): Promise<boolean> {
  const before = await readFile(file, 'utf8').catch(() => '')
  if (before === content) return false
  await mkdir(dirname(file), { recursive: true })
  // Hidden names are not read as settings.
  const next = join(dirname(file), `.${FILE}`)
  await writeFile(next, content)
  await rename(next, file)
  return true
}

const shown = ({ medium, high }: NonNullable<Proposal['to']>): string => `${medium} / ${high}`

function textOf(proposals: readonly Proposal[]): string {
  if (proposals.length === 0) return 'no incident has a verdict yet: nothing to go by'
  const rows = proposals.map(({ detector, true_positive, false_positive, benign, factor, from, to, reason }) => [
    detector,
    `${true_positive} / ${false_positive} / ${benign}`,
    from === undefined ? '-' : shown(from),
    to === undefined ? '-' : shown(to),
    String(factor),
    reason,
  ])
  return table(
    ['detector', 'true / false / benign', 'medium / high by budget', 'proposed', 'factor', 'why'],
    rows,
    'left',
  )
}

async function thresholds(options: ThresholdsOptions, tools: CommandTools): Promise<void> {
  const { terminal } = tools
  const { detection } = await readConfiguration(options.config, tools)
  const client = createServiceClient(options.url, await serviceToken(options.data, tools.environment.MOLTWATCH_TOKEN))
  const proposals = proposalsOf(await incidentsOf(client), detection.false_per_1000)
  await print(terminal, options.json === true ? JSON.stringify(proposals) : textOf(proposals))
  const moved = proposals.filter(({ factor }) => factor !== 1)
  if (options.write !== true) {
    if (moved.length > 0) say(terminal, 'nothing was changed: --write puts it in force')
    return
  }
  const file = join(dirname(options.config), 'tenants', options.tenant, FILE)
  const isChanged = await put(file, fileOf(proposals))
  say(terminal, isChanged ? `${file}: ${counted(moved.length, 'detector')} moved` : `${file} says so already`)
}

export const addThresholds: AddCommand = (program, tools) => {
  program
    .command('thresholds')
    .description('move the thresholds of joint scores by what people have said of incidents, within bounds')
    .requiredOption('--config <file>', 'configuration of the service, for its false-alarm budget; it is not changed')
    .option('--tenant <name>', 'whose thresholds; the token must be one of its own', 'default')
    .option('--url <url>', 'API of the service', 'http://127.0.0.1:8080')
    .option('--data <dir>', "the service's data directory, for its token; MOLTWATCH_TOKEN replaces it", '.moltwatch')
    .option(
      '--write',
      `write them to tenants/<tenant>/${FILE} beside the configuration, where the service takes them up`,
    )
    .option('--json', 'the proposals as JSON')
    .action((options: ThresholdsOptions) => thresholds(options, tools))
}
