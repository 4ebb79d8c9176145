/** Faults met by one process on the embedded engines. */
import { defineFaults } from './every-fault.ts'

await defineFaults('embedded')
