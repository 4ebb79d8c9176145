/**
 * The tokens of the configuration, including those whose text is in a file or in the environment: `token_file`,
 * `token_env`.
 */
import type { Located } from './problems.ts'
import type { Token } from './schema.ts'
import type { ReadSecret } from './read-secret.ts'

/** The complete tokens, and what is wrong with where their texts are stored. */
export function completeTokens(
  tokens: readonly Token[],
  read: ReadSecret | undefined,
): { readonly tokens: Token[]; readonly problems: Located[] } {
  const problems: Located[] = []
  const complete = tokens.map(({ token_file: file, token_env: variable, ...token }, i): Token => {
    const named = file ?? variable
    if (named === undefined) return token
    const key = file === undefined ? 'token_env' : 'token_file'
    const at = (message: string): void => void problems.push({ path: ['tokens', i, key], message })
    if (token.token !== undefined || token.sha256 !== undefined || (file !== undefined && variable !== undefined)) {
      at('stands beside another one: give one of token, sha256, token_file and token_env')
      return token
    }
    const outcome = read?.(file === undefined ? 'env' : 'file', named) ?? {
      ok: false as const,
      reason: 'cannot be read here',
    }
    if (outcome.ok) return { ...token, token: outcome.text }
    at(outcome.reason)
    // A placeholder, so that nothing else is reported about a token that could not be read.
    return { ...token, token: `unread ${i}` }
  })
  return { tokens: complete, problems }
}
