/** Settings that all inputs have in common which the collector opens itself. */
import Type from 'typebox'

/** What the lines are, and what becomes of those that are nothing. */
export const lineSettings = () => ({
  format: Type.String({
    pattern: '^[a-z0-9_-]{1,64}$',
    default: 'auto',
    description: 'A format, a mapping, or auto',
  }),
  plain: Type.Unsafe<'drop' | 'keep'>(
    Type.Enum(['drop', 'keep'], {
      default: 'drop',
      description: 'Lines that are prose and fit no mapping: counted alone, or kept as dead letters',
    }),
  ),
})
