/** How the configuration gets at secrets that stand in a file or in the environment. */

/** Reads a secret that is stored elsewhere: the text, or why it is unavailable. */
export type ReadSecret = (
  where: 'file' | 'env',
  name: string,
) => { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string }
