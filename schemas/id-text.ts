/** How an id is written; apart from `ids.ts`, which makes ids and does not run in a browser. */

/** Whether a text has the form of an id: 32 hex digits. */
export const isId = (text: string): boolean => /^[0-9a-f]{32}$/.test(text)
