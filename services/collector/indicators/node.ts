/** A value as the extractor walks it: a tree as every parser gives it, of JSON, YAML or another representation. Numbers and flags are texts. */
export type Node = string | readonly Node[] | { readonly entries: readonly (readonly [string, Node])[] }
