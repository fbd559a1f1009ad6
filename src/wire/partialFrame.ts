import { LENGTH_BYTES } from './frame';

const MAX_BLOCK_BYTES = 64 * 1024;

/**
 * A frame of which only a part has come. It holds at most about twice the bytes that came, whatever length the frame claims and
 * however small the pieces are, and joins them once.
 */
export class PartialFrame {
  private headerBytes = 0;
  private bodyLength = 0;
  private bodyBytes = 0;
  /** All full but the last, in which `room` bytes are free. */
  private blocks: Buffer[] = [];
  private room = 0;

  /** Bytes that have come, those of the length included. */
  get bytes(): number {
    return this.headerBytes + this.bodyBytes;
  }

  /** The body's length, once all four of its bytes have come. */
  get length(): number | undefined {
    return this.headerBytes === LENGTH_BYTES ? this.bodyLength >>> 0 : undefined;
  }

  /** Bytes of the body that are still to come. */
  get missing(): number {
    return (this.bodyLength >>> 0) - this.bodyBytes;
  }

  /** Takes what `chunk` has of the length from `at`; returns where the body goes on. */
  addHeader(chunk: Buffer, at: number): number {
    let next = at;
    while (this.headerBytes < LENGTH_BYTES && next < chunk.length) {
      this.bodyLength |= (chunk[next] ?? 0) << (8 * this.headerBytes);
      this.headerBytes += 1;
      next += 1;
    }
    return next;
  }

  /** Takes the rest of `chunk`, from `at`. */
  addBody(chunk: Buffer, at: number): void {
    const copied = Math.min(this.room, chunk.length - at);
    const last = this.blocks.at(-1);
    if (last && copied > 0) last.set(chunk.subarray(at, at + copied), last.length - this.room);
    this.room -= copied;
    if (at + copied < chunk.length) this.addBlock(chunk.subarray(at + copied), this.bodyBytes + copied);
    this.bodyBytes += chunk.length - at;
  }

  private addBlock(piece: Buffer, before: number): void {
    const left = (this.bodyLength >>> 0) - before;
    const size = Math.max(piece.length, Math.min(before, left, MAX_BLOCK_BYTES));
    const block = Buffer.allocUnsafe(size);
    block.set(piece);
    this.blocks.push(block);
    this.room = size - piece.length;
  }

  /** The whole frame with its length; the missing bytes stand in `chunk` from `at`. Starts over. */
  join(chunk: Buffer, at: number): Buffer {
    const frame = Buffer.allocUnsafe(LENGTH_BYTES + (this.bodyLength >>> 0));
    frame.writeUInt32LE(this.bodyLength >>> 0);
    let to = LENGTH_BYTES;
    this.blocks.forEach((block, index) => {
      const used = index === this.blocks.length - 1 ? block.length - this.room : block.length;
      frame.set(used === block.length ? block : block.subarray(0, used), to);
      to += used;
    });
    if (to < frame.length) frame.set(chunk.subarray(at, at + frame.length - to), to);
    this.clear();
    return frame;
  }

  clear(): void {
    this.headerBytes = 0;
    this.bodyLength = 0;
    this.bodyBytes = 0;
    this.blocks = [];
    this.room = 0;
  }
}
