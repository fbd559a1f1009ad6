/** The inner parts of kafkajs that cluster.ts stands on; the package types only its outside. */
declare module 'kafkajs/src/network/connectionPool' {
  import type { Socket } from 'node:net';

  interface Logger {
    namespace(name: string): Logger;
    error(message: string, extra?: object): void;
    warn(message: string, extra?: object): void;
    info(message: string, extra?: object): void;
    debug(message: string, extra?: object): void;
  }

  interface RequestQueue {
    readonly pending: readonly unknown[];
    push(request: {
      readonly entry: {
        readonly apiKey: number;
        readonly apiName: string;
        readonly apiVersion: number;
        readonly correlationId: number;
        readonly resolve: (response: { readonly payload: Buffer }) => void;
        readonly reject: (error: Error) => void;
      };
      readonly expectResponse: boolean;
      readonly requestTimeout: number | null;
      readonly sendRequest: () => void;
    }): void;
    rejectAll(error: Error): void;
    scheduleCheckPendingRequests(): void;
  }

  interface Connection {
    readonly requestQueue: RequestQueue;
    isConnected(): boolean;
    nextCorrelationId(): number;
  }

  class ConnectionPool {
    constructor(options: {
      readonly host: string;
      readonly port: number;
      readonly clientId: string;
      readonly logger: Logger;
      readonly socketFactory: (address: { host: string; port: number; onConnect: () => void }) => Socket;
      readonly connectionTimeout: number;
      readonly requestTimeout: number;
      readonly enforceRequestTimeout: boolean;
    });
    readonly pool: readonly Connection[];
    getConnection(): Promise<Connection>;
  }

  export = ConnectionPool;
}

declare module 'kafkajs/src/broker' {
  import type ConnectionPool from 'kafkajs/src/network/connectionPool';

  class Broker {
    constructor(options: {
      readonly connectionPool: ConnectionPool;
      readonly logger: ConstructorParameters<typeof ConnectionPool>[0]['logger'];
    });
    readonly versions: Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>> | null;
    connect(): Promise<void>;
  }

  export = Broker;
}
