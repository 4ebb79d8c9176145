/**
 * Checks the rules that make this code what it is: who may import whom, what the core may not touch, and how a file looks.
 * Prints each violation as `path:line: rule: what to do` and exits 1 if there is one. STYLE.md says which rule is checked
 * where; test/unit/architecture plants a violation of every rule and sees it caught.
 *
 *   npm run check:architecture
 */
import { checkTree, readTree } from './architecture/check.ts'
import { formatViolation } from './architecture/violation.ts'

const started = performance.now()
const tree = readTree(process.cwd(), process.env['npm_config_registry'])
const violations = checkTree(tree)
for (const violation of violations) console.error(formatViolation(violation))
const seconds = ((performance.now() - started) / 1000).toFixed(1)
console.log(`architecture: ${tree.sources.length} source files, ${violations.length} violations, ${seconds} s`)
process.exitCode = violations.length > 0 ? 1 : 0
