/** CPU of this thread: what a piece of work costs, on a machine that does other work at the same time. */

/** CPU time of the thread for `work`, in ms: the least of `rounds`, because memory is tidied up now and then. */
export async function cpuOf(work: () => unknown, rounds = 2): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const before = process.threadCpuUsage()
    await work()
    const { user, system } = process.threadCpuUsage(before)
    least = Math.min(least, (user + system) / 1000)
  }
  return least
}
