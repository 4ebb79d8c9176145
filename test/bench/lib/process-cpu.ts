/** CPU time of other processes, as the kernel counts it: all threads of a process, and nothing of its neighbours. Linux only. */
import { readFileSync } from 'node:fs'

/** What the kernel counts in: USER_HZ, 100 on every platform that Node runs on. */
const TICKS_PER_SECOND = 100

/** Seconds of CPU that the process has used since its start. Throws where it is not there any more. */
export function cpuSecondsOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name of the program stands in brackets and may hold anything; the rest is numbers.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}
