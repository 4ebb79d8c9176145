/**
 * Logs go to standard error as JSON lines, because standard output belongs to results. Levels by consequence: WARN means
 * that nothing is lost, ERROR that data is lost or a person is needed; nothing is logged per event above DEBUG.
 */
import { type Logger, pino } from 'pino'

export type { Logger } from 'pino'

export const createLogger = (level: string): Logger =>
  pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: 2, sync: true }))
