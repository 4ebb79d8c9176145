/** Work on several items at a time, whose results come in the order of the items. */

/**
 * Begins with the next items before the first one is done: at most `atOnce` are under way. An error is thrown when its item has its
 * turn.
 */
export async function* inOrder<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  begin: (item: T) => Promise<R>,
  atOnce: number,
): AsyncGenerator<R> {
  const underWay: Promise<R>[] = []
  for await (const item of items) {
    const result = begin(item)
    result.catch(() => undefined)
    underWay.push(result)
    const oldest = underWay.length < atOnce ? undefined : underWay.shift()
    if (oldest !== undefined) yield await oldest
  }
  for (const result of underWay) yield await result
}
