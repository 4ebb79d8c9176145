/** The false-alarm budget as options of a command, for trying another one than the default on files. */
import type { Command } from 'commander'
import { emptyConfiguration, type FalsePer1000 } from '../../../schemas/configuration.ts'
import { UsageError } from '../../lib/errors.ts'
import type { DetectionOptions } from '../detection/index.ts'

export interface BudgetOptions {
  readonly falsePer1000?: string
  readonly highPer1000?: string
}

export const addBudgetOptions = (command: Command): Command =>
  command
    .option('--false-per-1000 <rate>', 'false-alarm budget: false findings of medium and up per 1,000 identity-days')
    .option('--high-per-1000 <rate>', 'the same, of high and up')

function rate(option: string, text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value <= 1_000))
    throw new UsageError(`${option} takes a number from 0 to 1,000, not ${text}`)
  return value
}

/** The detectors under the requested budget; unchanged without one. Throws UsageError if it is not a number. */
export function underBudget(detection: DetectionOptions, options: BudgetOptions): DetectionOptions {
  const { falsePer1000: medium, highPer1000: high } = options
  if (medium === undefined && high === undefined) return detection
  const budget = {
    ...(medium === undefined ? {} : { medium: rate('--false-per-1000', medium) }),
    ...(high === undefined ? {} : { high: rate('--high-per-1000', high) }),
  }
  return withBudget(detection, budget)
}

export const withBudget = (detection: DetectionOptions, budget: FalsePer1000): DetectionOptions => ({
  ...detection,
  configuration: { ...(detection.configuration ?? emptyConfiguration()), false_per_1000: budget },
})
