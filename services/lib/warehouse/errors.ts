/**
 * What an engine's error means: rows that it will never take, a question too heavy, or trouble that may pass. Only the
 * closed list below counts as refused, because refused rows leave the stream for the dead letters: an error that is not
 * known here is retried, so that an engine in trouble cannot turn good rows into dead ones.
 */
import { WarehouseError, type WarehouseErrorCode } from './port.ts'

/** Error codes of ClickHouse that speak of the rows themselves. */
const REFUSED_CODES = new Set([
  6, // CANNOT_PARSE_TEXT
  25, // CANNOT_PARSE_ESCAPE_SEQUENCE
  26, // CANNOT_PARSE_QUOTED_STRING
  27, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  33, // CANNOT_READ_ALL_DATA
  38, // CANNOT_PARSE_DATE
  41, // CANNOT_PARSE_DATETIME
  53, // TYPE_MISMATCH
  69, // ARGUMENT_OUT_OF_BOUND
  72, // CANNOT_PARSE_NUMBER
  117, // INCORRECT_DATA
  130, // CANNOT_READ_ARRAY_FROM_TEXT
  131, // TOO_LARGE_STRING_SIZE
  321, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
  407, // DECIMAL_OVERFLOW
  467, // CANNOT_PARSE_BOOL
])
/** TIMEOUT_EXCEEDED, TOO_SLOW, MEMORY_LIMIT_EXCEEDED, TOO_MANY_ROWS_OR_BYTES. */
const HEAVY_CODES = new Set([159, 160, 241, 396])
/**
 * The engine is there and cannot serve: UNKNOWN_TABLE, UNKNOWN_DATABASE, NETWORK_ERROR, SOCKET_TIMEOUT, ABORTED; and where
 * files of it are gone: CANNOT_OPEN_FILE, FILE_DOESNT_EXIST, NO_FILE_IN_DATA_PART.
 */
const AWAY_CODES = new Set([60, 81, 209, 210, 236, 76, 107, 226])

/** Network trouble has a system's code (ECONNREFUSED); the client's own timeouts have a text only. */
const isNetworkError = (error: Error): boolean =>
  /^E[A-Z]+$/.test(String((error as { code?: unknown }).code ?? '')) ||
  /timeout error|socket hang up|aborted/i.test(error.message)

/**
 * ClickHouse's number of an error. The class of the error says nothing: the client and chdb each bring their own, and
 * chdb's raw insert carries the number in the text only.
 */
function engineCode(error: Error): number | undefined {
  const own = String((error as { code?: unknown }).code ?? '')
  const code = /^\d+$/.test(own) ? own : /\bCode: (\d+)\b/.exec(error.message)?.[1]
  return code === undefined ? undefined : Number(code)
}

function codeOf(error: Error, doing: 'ask' | 'insert'): WarehouseErrorCode {
  const code = engineCode(error)
  if (code === undefined) return isNetworkError(error) ? 'unavailable' : 'failed'
  if (doing === 'insert' && REFUSED_CODES.has(code)) return 'refused'
  if (doing === 'ask' && HEAVY_CODES.has(code)) return 'too_heavy'
  return AWAY_CODES.has(code) ? 'unavailable' : 'failed'
}

/** One line of an engine's error, without its stack and without the query. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return (text.split('\n')[0] as string).slice(0, 500)
}

/** Gives an engine's error its code; a WarehouseError stays what it is. */
export function warehouseError(cause: unknown, doing: 'ask' | 'insert', what: string): WarehouseError {
  if (cause instanceof WarehouseError) return cause
  const error = cause instanceof Error ? cause : new Error(String(cause))
  return new WarehouseError(codeOf(error, doing), `${what}: ${reasonOf(error)}`, { cause })
}
