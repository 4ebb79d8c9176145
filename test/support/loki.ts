/** Pushes to Loki as its clients write them: protobuf in a snappy block. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

/** A snappy block of texts alone, which every encoder may write. */
export function snappyTexts(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new BinaryWriter().uint32(bytes.length).finish()
  const parts: Uint8Array[] = [head]
  for (let at = 0; at < bytes.length; at += 60) {
    const piece = bytes.subarray(at, at + 60)
    parts.push(Uint8Array.of((piece.length - 1) << 2), piece)
  }
  return new Uint8Array(Buffer.concat(parts))
}

/** `logproto.PushRequest` with one stream. */
export function lokiPush(
  labels: string,
  lines: readonly (readonly [nanos: bigint, line: string])[],
): Uint8Array<ArrayBuffer> {
  const stream = new BinaryWriter().tag(1, WireType.LengthDelimited).string(labels)
  for (const [nanos, line] of lines) {
    const time = new BinaryWriter()
      .tag(1, WireType.Varint)
      .int64(nanos / 1_000_000_000n)
      .tag(2, WireType.Varint)
      .int32(Number(nanos % 1_000_000_000n))
      .finish()
    const entry = new BinaryWriter()
      .tag(1, WireType.LengthDelimited)
      .bytes(time)
      .tag(2, WireType.LengthDelimited)
      .string(line)
    stream.tag(2, WireType.LengthDelimited).bytes(entry.finish())
  }
  const request = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(stream.finish()).finish()
  return snappyTexts(request)
}
