/** Answers of a pure function of two texts: few names make most of a log. */

/** Above so many they are forgotten all at once: senders choose the names. */
const ANSWERS_MAX = 4_096

/** By the first text, then by the second: a key joined from both would cost more than two lookups. */
export class Answers<T extends NonNullable<unknown>> {
  readonly #held = new Map<string, Map<string, T>>()
  #size = 0

  get(first: string, second: string): T | undefined {
    return this.#held.get(first)?.get(second)
  }

  /** Keeps an answer that is not there yet, and gives it back. */
  keep(first: string, second: string, answer: T): T {
    if (this.#size >= ANSWERS_MAX) {
      this.#held.clear()
      this.#size = 0
    }
    const ofFirst = this.#held.get(first) ?? new Map<string, T>()
    this.#held.set(first, ofFirst.set(second, answer))
    this.#size++
    return answer
  }
}
