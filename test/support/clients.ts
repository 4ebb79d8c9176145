/**
 * Programs of other makers that tests run against: real clients, receivers and checkers. Where one is missing the test says
 * so and is left out, unless MOLTWATCH_REQUIRE_CLIENTS=1 demands it: then it fails. infra/local/install-test-tools.sh
 * installs them.
 */
import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'

const FOLDERS = [...(process.env['PATH'] ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin']

/** Where a program lies; undefined where it is missing and may be. Throws where it is missing and must not be. */
export function programPath(name: string): string | undefined {
  const path = FOLDERS.filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file))
  if (path === undefined && process.env['MOLTWATCH_REQUIRE_CLIENTS'] === '1') throw new Error(whyMissing(name))
  return path
}

export const whyMissing = (name: string): string => `${name} is missing: npm run install:test-tools installs it`

/** Whether rsyslog speaks TLS here: its driver is a package of its own. */
export const hasGnuTls = (): boolean => globSync('/usr/lib/*/rsyslog/lmnsd_gtls.so').length > 0

export const NO_GNUTLS = 'rsyslog-gnutls is missing: npm run install:test-tools installs it'

/** What syslog-ng is started with, so that all of its files lie in a directory of the test. */
export const syslogNgArgs = (config: string, directory: string): readonly string[] => {
  const [persist, control, pid] = ['persist', 'control', 'pid'].map((file) => join(directory, file)) as [
    string,
    string,
    string,
  ]
  return ['-F', '--no-caps', '-f', config, '-R', persist, '-c', control, '-p', pid]
}
