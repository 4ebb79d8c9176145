/** The settings of a file input. */
import Type, { type Static } from 'typebox'
import { lineSettings } from '../settings.ts'

export const FileSettings = Type.Object(
  {
    paths: Type.Array(Type.String({ minLength: 1, maxLength: 4_096 }), {
      minItems: 1,
      maxItems: 64,
      description:
        'Files, absolute, with * and ** in them. Not those into which a rotation copies: they would be read twice',
    }),
    begin: Type.Unsafe<'start' | 'end'>(
      Type.Enum(['start', 'end'], {
        default: 'start',
        description:
          'Where a file is read from that is there when the input is first opened; later ones always from the start',
      }),
    ),
    positions: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 4_096,
        description: "Directory for the positions; the data directory's if there is one",
      }),
    ),
    ...lineSettings(),
  },
  { additionalProperties: false },
)
export type FileSettings = Static<typeof FileSettings>
