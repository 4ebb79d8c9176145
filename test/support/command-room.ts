/** Runs commands as `main.ts` does, with a terminal that can be read and detectors of the test's own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Writable } from 'node:stream'
import { Command } from 'commander'
import type { Detector } from '../../detectors/detector.ts'
import type { AddCommand } from '../../services/commands/lib/command.ts'
import { CODE_VERSION, TEST_DETECTORS } from './runtime-room.ts'

export interface CommandRun {
  readonly out: string
  readonly err: string
  readonly code: number
}

export interface CommandRoom {
  /** Writes a file; answers its path. */
  file(name: string, content: string | Buffer): string
  run(add: AddCommand, args: readonly string[], detectors?: readonly Detector[]): Promise<CommandRun>
  clear(): void
}

const collecting = (parts: string[]): Writable =>
  new Writable({
    write(chunk: Buffer, _, done) {
      parts.push(chunk.toString('utf8'))
      done()
    },
  })

export function createCommandRoom(): CommandRoom {
  const home = mkdtempSync(join(tmpdir(), 'moltwatch-command-'))
  return {
    file(name, content) {
      mkdirSync(dirname(join(home, name)), { recursive: true })
      writeFileSync(join(home, name), content)
      return join(home, name)
    },
    async run(add, args, detectors = TEST_DETECTORS) {
      const [out, err]: [string[], string[]] = [[], []]
      let code = 0
      const zone = process.env.TZ
      const keep = (with_: number): void => {
        code = with_
      }
      const program = new Command().exitOverride()
      add(program, {
        terminal: { out: collecting(out), err: collecting(err), watched: false, elapsed: () => 0 },
        detection: async () => ({ detectors, codeVersion: CODE_VERSION }),
        environment: {},
        variable: () => undefined,
        setTimeZone: (to) => {
          process.env.TZ = to
        },
        exit: keep,
        end: keep,
      })
      try {
        await program.parseAsync(['node', 'moltwatch', ...args])
      } finally {
        if (zone === undefined) delete process.env.TZ
        else process.env.TZ = zone
      }
      return { out: out.join(''), err: err.join(''), code }
    },
    clear: () => rmSync(home, { recursive: true, force: true }),
  }
}
