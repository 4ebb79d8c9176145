/** A ClickHouse server of the tests, however it was started. */

export interface ClickHouseServer {
  readonly url: string
  /** What was started, for people. */
  readonly description: string
  /** Ends it; nothing answers any more. What is stored stays. */
  pause(): Promise<void>
  /** Starts it again at the same address with what it had stored. */
  resume(): Promise<void>
  /** Of the process that was started last; undefined where it runs in a container. */
  pid(): number | undefined
  close(): Promise<void>
}

export type StartedClickHouse = Omit<ClickHouseServer, 'description'>
