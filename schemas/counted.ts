/** Numbers of things in words for people: the one place that knows that one is no plural. Pure, because detectors use it, too. */

/** `1 finding`, `2 findings`, `0 findings`. `many`: for nouns whose plural is no s behind them. */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

/** The same for pages, with the digits in groups: `12,400 events`. Sentences of findings stay as they were written. */
export const countedInGroups = (count: number, one: string, many?: string): string =>
  counted(count, one, many).replaceAll(/\B(?=(?:\d{3})+(?!\d))/g, ',')
