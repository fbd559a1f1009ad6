/** What the bare program is asked for. */
export interface BareOptions {
  /** Of the UNIX socket. */
  readonly path: string;
  /** Of the TCP port on 127.0.0.1 to which batches go. */
  readonly port: number;
  /** Whether bytes are copied into a batch, and the batch written; else only its header is. */
  readonly copies: boolean;
  /** By snappy, in the loop. */
  readonly compresses: boolean;
  /** By a CRC-32C of the payload. */
  readonly checks: boolean;
}

/** A batch on its way: its header, with the length of the payload, the bytes that were read for it, and a checksum; then the payload. */
export const HEADER_BYTES = 12;
/** Bytes of a batch before compression, as in a record batch of the daemon. */
export const BATCH_BYTES = 1_000_000;
