/** Inner parts of kafkajs that the specs of our overrides look at. */
declare module 'kafkajs/src/network/connection' {
  import type { Socket } from 'node:net';

  class Connection {
    constructor(options: {
      readonly host: string;
      readonly port: number;
      readonly logger: object;
      readonly socketFactory: (address: { host: string; port: number; onConnect: () => void }) => Socket;
      readonly connectionTimeout: number;
      readonly requestTimeout: number;
      readonly enforceRequestTimeout?: boolean;
    });
    readonly requestQueue: {
      readonly pending: readonly unknown[];
      readonly inflight: ReadonlyMap<number, unknown>;
      push(request: object): void;
      rejectAll(error: Error): void;
      scheduleCheckPendingRequests(): void;
    };
    readonly bytesNeeded: number;
    connect(): Promise<unknown>;
    disconnect(): Promise<unknown>;
    isConnected(): boolean;
    nextCorrelationId(): number;
    processData(bytes: Buffer): void;
  }
  export = Connection;
}

declare module 'kafkajs/src/network/socketFactory' {
  import type { Socket } from 'node:net';
  const create: () => (address: { host: string; port: number; ssl?: object; onConnect: () => void }) => Socket;
  export = create;
}

declare module 'kafkajs/package.json' {
  export const version: string;
}
