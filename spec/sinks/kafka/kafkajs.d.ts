declare module 'kafkajs/src/protocol/decoder' {
  class Decoder {
    constructor(bytes: Buffer);
    readonly buffer: Buffer;
  }
  export = Decoder;
}

declare module 'kafkajs/src/protocol/recordBatch/v0/decoder' {
  import type Decoder from 'kafkajs/src/protocol/decoder';
  const decode: (decoder: Decoder) => Promise<{
    readonly records: readonly {
      readonly key: Buffer | null;
      readonly value: Buffer | null;
      /** Values of one name, in order where there are several. */
      readonly headers: Readonly<Record<string, Buffer | null | readonly (Buffer | null)[]>>;
      readonly timestamp: string;
      readonly offset: string;
    }[];
    readonly producerId: string;
    readonly producerEpoch: number;
    readonly firstSequence: number;
    readonly firstTimestamp: string;
    readonly maxTimestamp: string;
    readonly lastOffsetDelta: number;
  }>;
  export = decode;
}

declare module 'kafkajs/src/network/requestQueue' {
  class RequestQueue {
    constructor(options: object);
    readonly pending: unknown[];
    readonly throttleCheckTimeoutId: unknown;
    scheduleCheckPendingRequests(): void;
    checkPendingRequests(): void;
    destroy(): void;
  }
  export = RequestQueue;
}
