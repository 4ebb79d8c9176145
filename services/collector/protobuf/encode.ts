/**
 * What the input for OTLP answers in protobuf: ExportLogsServiceResponse {partial_success = 1 {rejected_log_records = 1,
 * error_message = 2}} and google.rpc.Status {code = 1, message = 2}.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

/** All records are taken: a response without fields, which is no bytes at all. */
export const encodeSuccess = (): Buffer => Buffer.alloc(0)

export function encodePartialSuccess(rejected: number, message: string): Buffer {
  const writer = new BinaryWriter().tag(1, WireType.LengthDelimited).fork()
  writer.tag(1, WireType.Varint).int64(rejected)
  writer.tag(2, WireType.LengthDelimited).string(message)
  return Buffer.from(writer.join().finish())
}

/** `code` of google.rpc.Code. */
export function encodeStatus(code: number, message: string): Buffer {
  const writer = new BinaryWriter().tag(1, WireType.Varint).int32(code)
  return Buffer.from(writer.tag(2, WireType.LengthDelimited).string(message).finish())
}
