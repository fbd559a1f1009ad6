/** Reads the big-endian fields of a Kafka response, one after the other. */
export class ByteReader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  int16(): number {
    this.at += 2;
    return this.bytes.readInt16BE(this.at - 2);
  }

  int32(): number {
    this.at += 4;
    return this.bytes.readInt32BE(this.at - 4);
  }

  int64(): bigint {
    this.at += 8;
    return this.bytes.readBigInt64BE(this.at - 8);
  }

  /** @throws RangeError where the string runs past the end. */
  string(): string | undefined {
    const length = this.int16();
    return length < 0 ? undefined : this.skip(length).toString();
  }

  array<A>(read: () => A): A[] {
    const length = Math.max(0, this.int32());
    // Every element has at least a byte, so a false length ends in a RangeError soon and not in a large allocation.
    const found: A[] = [];
    for (let n = 0; n < length; n += 1) found.push(read());
    return found;
  }

  /** @throws RangeError where there are not `length` bytes. */
  skip(length: number): Buffer {
    const start = this.at;
    if (start + length > this.bytes.length) throw new RangeError('response ends within a field');
    this.at = start + length;
    return this.bytes.subarray(start, this.at);
  }
}
