/**
 * Ends the process without taking it apart. `process.exit` runs the destructors of ClickHouse in the process while its queries
 * and merges go on in other threads: what follows is a crash, or a process that waits for itself for ever, with its ports open.
 */
import { flushCompileCache } from 'node:module'

/**
 * Ends the process at once with this exit code, whatever its threads do. Nothing is closed first: what must be durable is.
 * The system replaces the process by a new program, which does nothing but end with the code; all threads end with the old one.
 */
export function endProcess(code: number): never {
  flushCompileCache()
  if (process.execve === undefined) process.exit(code)
  return process.execve(process.execPath, [process.execPath, '--eval', `process.exit(${code})`], {})
}
