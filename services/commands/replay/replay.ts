/**
 * `replay FILE...`: runs the detectors over log files, without server or network, and prints what they find as NDJSON,
 * one finding a line, ordered by event time. The same data gives the same findings with the same ids as the service.
 */
import { counted } from '../../../schemas/counted.ts'
import { SEVERITIES } from '../../../schemas/finding.ts'
import { addBudgetOptions, type BudgetOptions, underBudget } from '../lib/budget.ts'
import { type AddCommand, type CommandTools, filesHelp, formatOption } from '../lib/command.ts'
import { type Detection, detect } from '../detection/index.ts'
import { type Imported, importFiles, tellImported } from '../import/import.ts'
import type { FormatChoice } from '../../collector/formats/format.ts'
import { mappingOption, readMappings } from '../import/mapping-files.ts'
import { createProgress, print, say } from '../lib/terminal.ts'

interface ReplayOptions extends BudgetOptions {
  readonly format: FormatChoice
  readonly mapping: readonly string[]
  readonly json?: true
}

/** What came of it, in numbers. */
function summaryOf(imported: Imported, { findings, counts, stats }: Detection, seconds: number) {
  const bySeverity = Object.fromEntries(
    SEVERITIES.toReversed().map((severity) => [severity, findings.filter((f) => f.severity === severity).length]),
  )
  return {
    files: imported.files,
    unusable_files: imported.unusable,
    records: imported.records,
    rejected: imported.rejected,
    sorted: imported.spool.isSorted,
    events: counts.events,
    repeats: counts.repeats,
    identities: stats.identities,
    findings: findings.length,
    by_severity: bySeverity,
    seconds: Math.round(seconds * 10) / 10,
  }
}

function summaryText(summary: ReturnType<typeof summaryOf>): string {
  const severities = Object.entries(summary.by_severity)
    .filter(([, count]) => count > 0)
    .map(([severity, count]) => `${count} ${severity}`)
  const found = severities.length === 0 ? '' : ` (${severities.join(', ')})`
  const repeats = summary.repeats === 0 ? '' : `, ${counted(summary.repeats, 'repeat')}`
  return `${counted(summary.events, 'event')} of ${counted(summary.identities, 'identity', 'identities')}${repeats}, ${counted(summary.rejected, 'record')} rejected; ${counted(summary.findings, 'finding')}${found}; ${summary.seconds} s`
}

async function replay(files: readonly string[], options: ReplayOptions, tools: CommandTools): Promise<void> {
  const { terminal } = tools
  const started = terminal.elapsed()
  const progress = createProgress(terminal)
  const mappings = await readMappings(options.mapping)
  const imported = await importFiles(
    files,
    options.format,
    (bytes, events) => progress.show(() => `reading: ${(bytes / 1e6).toFixed(1)} MB, ${counted(events, 'event')}`),
    mappings,
  )
  const total = imported.spool.count
  const detection = await detect(imported.spool, underBudget(await tools.detection(), options), (events) =>
    progress.show(() => `detecting: ${events} of ${counted(total, 'event')}`),
  )
  progress.end()
  for (const finding of detection.findings) await print(terminal, JSON.stringify(finding))
  const summary = summaryOf(imported, detection, (terminal.elapsed() - started) / 1000)
  tellImported(imported, (line) => say(terminal, line))
  say(terminal, options.json === true ? JSON.stringify(summary) : summaryText(summary))
}

export const addReplay: AddCommand = (program, tools) => {
  const command = program
    .command('replay')
    .description('run the detectors over log files and print the findings as NDJSON, one a line')
    .argument('<file...>', filesHelp)
    .addOption(formatOption())
    .addOption(mappingOption())
  addBudgetOptions(command)
    .option('--json', 'the summary on standard error as JSON, too; the findings always are')
    .addHelpText(
      'after',
      '\nReads no clock and no network: the same files give the same findings, with the ids that the service gives.\nWhere events come more than an hour behind later ones, as in an export with the newest first, all are sorted by time.\nThe tenant is `default`. A finding is printed once, in its newest revision. Exit code 0 whether or not anything\nwas found, 2 if nothing of any\nfile became an event; a file that gives nothing is named and takes no other with it.',
    )
    .action((files: string[], options: ReplayOptions) => replay(files, options, tools))
}
