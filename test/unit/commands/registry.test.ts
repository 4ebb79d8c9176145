/** The registry of commands: what each line promises is what its module adds, so that loading one alone loses nothing. */
import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import type { AddCommand, CommandTools } from '../../../services/commands/lib/command.ts'
import { COMMANDS, loadCommands } from '../../../services/commands/registry.ts'

// A command is only declared here: its tools are asked for when it runs.
const UNUSED = {} as CommandTools

function namesAdded(commands: readonly AddCommand[]): string[] {
  const program = new Command('moltwatch')
  for (const add of commands) add(program, UNUSED)
  return program.commands.map((command) => command.name())
}

describe('the registry of commands', () => {
  it.each(COMMANDS)('$names are what its module adds', async ({ names, load }) => {
    expect(namesAdded([await load()])).toEqual(names)
  })

  it('loads one module for a name, and all of them for anything else', async () => {
    const all = COMMANDS.flatMap(({ names }) => names)
    expect(new Set(all).size).toBe(all.length)
    for (const name of all) expect(namesAdded(await loadCommands(name))).toContain(name)
    for (const first of [undefined, '--help', 'help', 'nonsense', 'constructor']) {
      expect(namesAdded(await loadCommands(first))).toEqual(all)
    }
  })
})
