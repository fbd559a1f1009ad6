import type { Socket } from 'node:net';
import { ByteReader } from './byteReader';
import { frameRequest, writeAll } from './requestFrame';
import type { Request } from './requests';

/** What is used of kafkajs's connection to send a request: its numbers, and its queue that matches answers to them. */
export interface RequestQueue {
  nextCorrelationId(): number;
  readonly requestQueue: {
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
  };
}

/** Sends a request and waits for its answer, which is still to be read; for one that is not answered, until it has left. */
export const exchange = <A>(
  connection: RequestQueue,
  socket: Socket,
  request: Request<A>,
  apiVersion: number,
  clientId: string,
): Promise<() => A> =>
  new Promise((resolve, reject) => {
    const correlationId = connection.nextCorrelationId();
    const chunks = frameRequest(request, apiVersion, correlationId, clientId);
    const { unanswered } = request;
    if (unanswered !== undefined) {
      writeAll(socket, chunks, (error) => (error ? reject(error) : resolve(() => unanswered)));
      return;
    }
    connection.requestQueue.push({
      entry: {
        apiKey: request.key,
        apiName: request.api,
        apiVersion,
        correlationId,
        resolve: ({ payload }) => resolve(() => request.decode(new ByteReader(payload), apiVersion)),
        reject,
      },
      expectResponse: true,
      requestTimeout: null,
      sendRequest: () => writeAll(socket, chunks),
    });
  });

/**
 * kafkajs's queue starts a timer of 1 ms after every answer and from that the next, for ever: 4 % of a CPU on an idle
 * connection. Only requests that wait need it.
 */
export const stopPolling = (queue: {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
}): void => {
  const schedule = queue.scheduleCheckPendingRequests.bind(queue);
  queue.scheduleCheckPendingRequests = () => {
    if (queue.pending.length > 0) schedule();
  };
};
