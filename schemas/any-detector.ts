/** How a suppression names every detector. In a file without schemas, because the console takes it into the browser. */

/** Every finding, where a scope names no detector. */
export const ANY_DETECTOR = '*'
