type InLoop = (records: Buffer) => Buffer;

export interface OnPool {
  readonly compress: (records: Buffer) => Promise<Buffer>;
  /** Bytes of records below which the way to the pool and back costs more than it takes off the loop. */
  readonly fromBytes: number;
}

/** A codec: its number in a record batch, and how it compresses in the loop, on the thread pool, or either. */
export type Codec = { readonly id: number } & (
  { readonly inLoop: InLoop; readonly onPool?: OnPool } | { readonly inLoop?: undefined; readonly onPool: OnPool }
);
