/**
 * Decides how a record of the topic `raw` is written if nothing says it. A request in protobuf starts with 0x0a, the tag
 * of its first field. That is also the newline that JSON may start with, and the length after it may well be `{`.
 *
 * The certain difference: JSON holds no control characters but tab, newline and carriage return, within texts or outside.
 * A request in protobuf that has a record has a ScopeLogs, and with it the tag 0x12, or a longer form of it that ends in
 * 0x00.
 */
const TAG_OF_RESOURCE_LOGS = 0x0a
const SPACE = 0x20
const TAB = 0x09
const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d

/** A control character that cannot occur in JSON. */
const isForeign = (byte: number): boolean =>
  byte < SPACE && byte !== NEWLINE && byte !== CARRIAGE_RETURN && byte !== TAB

/** Protobuf only if it cannot be JSON. What is neither is read as JSON, and its fault is reported as one of JSON. */
export const formOf = (value: Buffer): 'json' | 'protobuf-any' =>
  value[0] === TAG_OF_RESOURCE_LOGS && value.some(isForeign) ? 'protobuf-any' : 'json'
