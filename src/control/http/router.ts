import type { IncomingMessage, RequestListener } from 'node:http';
import type { Log } from '../../model';
import { send, textReply, type Reply } from './reply';

/** Answers a request for one path. */
export type Route = (query: URLSearchParams) => Reply | Promise<Reply>;

export interface RouterOptions {
  /** By path, from the `/` on. */
  readonly routes: ReadonlyMap<string, Route>;
  readonly allowsHost: (header: string | undefined) => boolean;
  readonly log: Pick<Log, 'error'>;
}

const METHODS: readonly (string | undefined)[] = ['GET', 'HEAD'];

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** The path and query of a request, whose target may be anything. */
const targetOf = ({ url = '' }: IncomingMessage): URL | undefined =>
  url.startsWith('/') && URL.canParse(url.replace(/^\/+/, '/'), 'http://host')
    ? new URL(url.replace(/^\/+/, '/'), 'http://host')
    : undefined;

/**
 * Answers requests by their paths. Whatever is asked, nothing is changed: no method but GET and HEAD is taken, and no body. A route
 * that fails is answered with 500, logged, and ends nothing else.
 */
export const createRouter = ({ routes, allowsHost, log }: RouterOptions): RequestListener => {
  const replyTo = (request: IncomingMessage): Reply | Promise<Reply> => {
    const { headers, method } = request;
    if (!allowsHost(headers.host))
      return textReply(
        421,
        'This is not answered under the name of the Host header. Expected a name of the loopback, the address in HTTP, or a name in HTTP_HOSTS.',
      );
    if (!METHODS.includes(method)) return textReply(405, 'Expected GET or HEAD: nothing can be changed here.');
    if (hasBody(request)) return textReply(413, 'Expected a request without a body.');
    const target = targetOf(request);
    if (!target) return textReply(400, 'Expected a path.');
    const route = routes.get(target.pathname);
    return route ? route(target.searchParams) : textReply(404, `Expected one of ${[...routes.keys()].join(' ')}`);
  };

  return (request, response) => {
    const headOnly = request.method === 'HEAD';
    const answer = (reply: Reply): void => {
      // What else the client sends is not read: after a refusal it has to come again.
      const isRefused = [405, 413, 421].includes(reply.status);
      send(response, reply, {
        headOnly,
        headers: { ...(reply.status === 405 && { Allow: 'GET, HEAD' }), ...(isRefused && { Connection: 'close' }) },
      });
    };
    const fail = (error: unknown): void => {
      log.error('http: a request failed', { path: request.url?.slice(0, 100), error: String(error) });
      if (response.headersSent) response.destroy();
      else answer(textReply(500, 'The request failed; the log says why.'));
    };
    Promise.resolve()
      .then(() => replyTo(request))
      .then(answer)
      .catch(fail);
  };
};
