/** All types of inputs that the collector opens itself. A new one is one folder and one line here. */
import { fileInput } from './file/index.ts'
import type { OpenedInput } from './opened.ts'
import { syslogInput } from './syslog/index.ts'

export const OPENED_INPUTS: readonly OpenedInput[] = [syslogInput, fileInput]

export const openedInputOf = (type: string): OpenedInput | undefined => OPENED_INPUTS.find((one) => one.type === type)
