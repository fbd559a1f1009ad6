/** The big-endian fields of a Kafka request, in pieces: what is handed over as a buffer is not copied. */
export class ByteWriter {
  readonly pieces: Buffer[] = [];
  private fields: Buffer[] = [];

  int8(value: number): this {
    const field = Buffer.allocUnsafe(1);
    field.writeInt8(value);
    return this.add(field);
  }

  int16(value: number): this {
    const field = Buffer.allocUnsafe(2);
    field.writeInt16BE(value);
    return this.add(field);
  }

  int32(value: number): this {
    const field = Buffer.allocUnsafe(4);
    field.writeInt32BE(value);
    return this.add(field);
  }

  string(value: string | undefined): this {
    if (value === undefined) return this.int16(-1);
    const text = Buffer.from(value);
    return this.int16(text.length).add(text);
  }

  /** Bytes that stay where they are. */
  piece(bytes: Buffer): this {
    this.flush();
    this.pieces.push(bytes);
    return this;
  }

  end(): readonly Buffer[] {
    this.flush();
    return this.pieces;
  }

  private add(field: Buffer): this {
    this.fields.push(field);
    return this;
  }

  private flush(): void {
    if (this.fields.length > 0) this.pieces.push(Buffer.concat(this.fields));
    this.fields = [];
  }
}
