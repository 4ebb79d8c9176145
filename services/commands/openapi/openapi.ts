/**
 * `openapi`: the API as a document, without a service that runs; `--page` brings a page's list of routes up to date, `--types` the
 * types that the console asks by.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { openApi } from '../../api/openapi.ts'
import { ROUTES } from '../../api/registry.ts'
import type { AddCommand, CommandTools } from '../lib/command.ts'
import { UsageError } from '../../lib/errors.ts'
import { print } from '../lib/terminal.ts'
import { apiPage } from './page.ts'
import { apiTypes, type Described } from './types.ts'

async function writePage(path: string): Promise<void> {
  try {
    await writeFile(path, apiPage(await readFile(path, 'utf8')))
  } catch (error) {
    throw new UsageError(`the page ${path} cannot be brought up to date: ${(error as Error).message}`)
  }
}

async function writeTypes(path: string): Promise<void> {
  await writeFile(path, apiTypes(openApi(ROUTES) as Described)).catch((error: unknown) => {
    throw new UsageError(`the types cannot be written to ${path}: ${(error as Error).message}`)
  })
}

async function openapi({ page, types }: { page?: string; types?: string }, tools: CommandTools): Promise<void> {
  if (page !== undefined) await writePage(page)
  if (types !== undefined) await writeTypes(types)
  if (page === undefined && types === undefined) await print(tools.terminal, JSON.stringify(openApi(ROUTES), null, 2))
}

export const addOpenApi: AddCommand = (program, tools) => {
  program
    .command('openapi')
    .description('print the API as an OpenAPI 3.1 document')
    .option('--page <file>', 'bring the list of routes in this Markdown page up to date instead')
    .option('--types <file>', 'write the types of TypeScript that the console asks by instead')
    .action((options: { page?: string; types?: string }) => openapi(options, tools))
}
