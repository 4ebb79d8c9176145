/** Every type of sink, one line each. */
import type { AnySinkType } from './sink-type.ts'
import { webhook } from './webhook/index.ts'

export const SINK_TYPES: readonly AnySinkType[] = [webhook]

const BY_NAME: ReadonlyMap<string, AnySinkType> = new Map(SINK_TYPES.map((type) => [type.type, type]))

/** The type of this name; undefined where there is none. */
export const sinkTypeOf = (name: string): AnySinkType | undefined => BY_NAME.get(name)
