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

  interface Connection {
    readonly requestQueue: {
      push(request: object): void;
      readonly pending: readonly unknown[];
      rejectAll(error: Error): void;
      scheduleCheckPendingRequests(): void;
    };
    nextCorrelationId(): number;
    /** Milliseconds that the broker's last authentication holds; 0: for ever. */
    readonly sessionLifetime: { toNumber(): number };
    readonly bytesNeeded: number;
    isConnected(): boolean;
    authenticate(): Promise<void>;
    processData(bytes: Buffer): void;
  }

  class ConnectionPool {
    constructor(options: {
      readonly host: string;
      readonly port: number;
      readonly clientId: string;
      readonly logger: Logger;
      readonly socketFactory: (address: { host: string; port: number; onConnect: () => void }) => Socket;
      readonly sasl?: object;
      readonly reauthenticationThreshold: number;
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
