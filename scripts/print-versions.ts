/**
 * Prints both Node versions: the pinned one, which runs every script of this project, and the machine's own, which runs npm.
 * The first is this process. npm passes the second to the scripts that it starts, in `npm_config_user_agent`.
 */
import { pathToFileURL } from 'node:url'

/** The Node version in npm's user agent (`npm/11.1.0 node/v20.20.2 linux x64 ...`); undefined if it has none. */
export const nodeOfUserAgent = (userAgent: string): string | undefined => / node\/v(\S+)/.exec(` ${userAgent}`)?.[1]

/** Two lines; the second says that npm was not there if this ran without it. */
export const describeVersions = (pinned: string, userAgent: string | undefined): string => {
  const own = userAgent === undefined ? undefined : nodeOfUserAgent(userAgent)
  return `node ${pinned} (pinned)\nnode ${own ?? 'unknown: not started by npm'} (npm)`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(describeVersions(process.versions.node, process.env['npm_config_user_agent']))
}
