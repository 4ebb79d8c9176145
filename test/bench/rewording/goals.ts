/**
 * Finds the injected order of each attack goal in labelled runs without naming it: what is common to nearly all results
 * that first held it, whatever page, mail or wrapper it stood in. Quotes are escaped differently from place to place, so
 * they are compared as one.
 */

/** A labelled run, as far as the study needs it. */
export interface Run {
  readonly session: string
  readonly goal: string
  /** The result that first held the injected text. */
  readonly exposure: string
}

/** Any spelling of a quote inside results: doubled in YAML, with backslashes in representations and JSON. */
const QUOTE = /''|\\*["']/g
const plain = (text: string): string => text.replaceAll(QUOTE, "'")

/** The injected order of each goal; goals with fewer than three different places are left out. */
export function ordersOf(runs: readonly Run[]): Map<string, string> {
  const byGoal = Map.groupBy(runs, (run) => run.goal)
  const orders = new Map<string, string>()
  for (const [goal, own] of byGoal) {
    const texts = [...new Set(own.map((run) => plain(run.exposure)))].toSorted((a, b) => a.length - b.length)
    if (texts.length < 3) continue
    const order = longestShared(texts, 0.9)
    if (order.length >= 12) orders.set(goal, order)
  }
  return orders
}

/** The longest piece of the shortest text that at least `share` of the texts hold, cut to whole sentences. */
function longestShared(texts: readonly string[], share: number): string {
  const [base = ''] = texts
  const enough = Math.ceil(texts.length * share)
  const sharedOfLength = (length: number): string | undefined => {
    for (let at = 0; at + length <= base.length; at++) {
      const piece = base.slice(at, at + length)
      let held = 0
      for (const text of texts) if (text.includes(piece)) held++
      if (held >= enough) return piece
    }
    return undefined
  }
  let low = 0
  let high = Math.min(base.length, 600)
  let best = ''
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    const piece = sharedOfLength(middle)
    if (piece === undefined) high = middle - 1
    else {
      best = piece
      low = middle
    }
  }
  return best.replace(/^[\s\\n.:>-]+/, '').replace(/[\s\\n]+$/, '')
}

/** A pattern that finds the order in any result, however its quotes are escaped there. */
export const patternOf = (order: string): RegExp =>
  new RegExp(
    order
      .replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
      .replaceAll("'", String.raw`(?:''|\\*["'])`)
      .replaceAll(/\s+/g, String.raw`\s+`),
    'g',
  )

/** The things an order names, in its own order: quoted phrases, and words that are no plain words. */
export function namedIn(order: string): string[] {
  const named: string[] = []
  for (const match of order.matchAll(/(?<=^|\s)'([^']{2,60})'|(\S*[/@\d_]\S*|www\.\S+)/g)) {
    named.push((match[1] ?? match[2] ?? '').replace(/[.,;:!?]+$/, ''))
  }
  return named
}
