/** `openapi`: the API as a document, without a service that runs; `--page` brings a page's list of routes up to date. */
import { readFile, writeFile } from 'node:fs/promises'
import { openApi } from '../../api/openapi.ts'
import { ROUTES } from '../../api/registry.ts'
import type { AddCommand, CommandTools } from '../lib/command.ts'
import { UsageError } from '../../lib/errors.ts'
import { print } from '../lib/terminal.ts'
import { apiPage } from './page.ts'

async function writePage(path: string): Promise<void> {
  try {
    await writeFile(path, apiPage(await readFile(path, 'utf8')))
  } catch (error) {
    throw new UsageError(`the page ${path} cannot be brought up to date: ${(error as Error).message}`)
  }
}

const openapi = (page: string | undefined, tools: CommandTools): Promise<void> =>
  page === undefined ? print(tools.terminal, JSON.stringify(openApi(ROUTES), null, 2)) : writePage(page)

export const addOpenApi: AddCommand = (program, tools) => {
  program
    .command('openapi')
    .description('print the API as an OpenAPI 3.1 document')
    .option('--page <file>', 'bring the list of routes in this Markdown page up to date instead')
    .action(({ page }: { page?: string }) => openapi(page, tools))
}
