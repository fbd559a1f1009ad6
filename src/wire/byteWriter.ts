export type Bytes = Uint8Array | string;

/** The bytes of a text are those of UTF-8. */
export const sizeOf = (value: Bytes): number => (typeof value === 'string' ? Buffer.byteLength(value) : value.length);

/** Fills a buffer of a known length, part by part; numbers are little-endian. */
export class ByteWriter {
  readonly written: Buffer;
  private at = 0;

  constructor(length: number) {
    this.written = Buffer.allocUnsafe(length);
  }

  u8(value: number): this {
    this.at = this.written.writeUInt8(value, this.at);
    return this;
  }

  u16(value: number): this {
    this.at = this.written.writeUInt16LE(value, this.at);
    return this;
  }

  u32(value: number): this {
    this.at = this.written.writeUInt32LE(value, this.at);
    return this;
  }

  i64(value: number): this {
    this.at = this.written.writeBigInt64LE(BigInt(value), this.at);
    return this;
  }

  bytes(value: Bytes): this {
    if (typeof value === 'string') this.at += this.written.write(value, this.at);
    else {
      this.written.set(value, this.at);
      this.at += value.length;
    }
    return this;
  }
}
