/** Events that each give one finding and one incident: so many agents of a name contact a listed network, once each. */
export const contactsOf = (name: string, count: number): string =>
  JSON.stringify(
    Array.from({ length: count }, (_, n) => ({
      id: `${name}-${n}`,
      time: new Date().toISOString(),
      identity: `${name}-${n}`,
      kind: 'tool',
      action: 'web_fetch',
      target: 'https://www.moltbook.com/api/v1/posts',
      outcome: 'success',
    })),
  )
