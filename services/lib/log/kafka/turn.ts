/** Collects the questions of one turn of the event loop, so that they go to a broker in one request. */

/** A question about one partition that waits for its answer. */
export interface Question<Answer> {
  readonly topic: string
  readonly partition: number
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/** Passes everything from one turn to `take`, in order of arrival; `take` must not throw. */
export function collectTurn<One>(take: (all: readonly One[]) => void): (one: One) => void {
  let waiting: One[] = []
  const end = (): void => {
    const all = waiting
    waiting = []
    take(all)
  }
  return (one) => {
    if (waiting.length === 0) queueMicrotask(end)
    waiting.push(one)
  }
}

/** The partitions of some questions by topic, each once; of two about the same one the later counts. */
export function byTopic<One extends { readonly topic: string; readonly partition: number }>(
  questions: readonly One[],
): Map<string, Map<number, One>> {
  const topics = new Map<string, Map<number, One>>()
  for (const question of questions) {
    const partitions = topics.get(question.topic) ?? new Map<number, One>()
    topics.set(question.topic, partitions.set(question.partition, question))
  }
  return topics
}

interface Answered<Said> {
  readonly topic: string
  readonly partitions: readonly (Said & { readonly partition: number })[]
}

/** Finds what an answer says of a partition. */
export function answersOf<Said>(
  responses: readonly Answered<Said>[],
): (place: { readonly topic: string; readonly partition: number }) => Said | undefined {
  const said = new Map(
    responses.flatMap(({ topic, partitions }) => partitions.map((one) => [`${topic}/${one.partition}`, one] as const)),
  )
  return ({ topic, partition }) => said.get(`${topic}/${partition}`)
}
