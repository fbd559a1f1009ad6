/** Requests as any client makes them, and the headers that a browser would not let a page set. */
import { request, type IncomingHttpHeaders, type IncomingMessage, type RequestOptions } from 'node:http';
import { once } from 'node:events';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends a request; resolves with its answer when its headers are there. */
export const openRequest = async (url: string, options: RequestOptions = {}, body = ''): Promise<IncomingMessage> => {
  const sent = request(url, { agent: false, ...options });
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return answer;
};

export const fetchText = async (url: string, options: RequestOptions = {}, body = ''): Promise<Answer> => {
  const answer = await openRequest(url, options, body);
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks).toString() };
};

export const fetchJson = async <A>(url: string, options: RequestOptions = {}): Promise<A> =>
  JSON.parse((await fetchText(url, options)).body) as A;

export interface ServerEvent {
  readonly event: string;
  readonly data: unknown;
}

/** The events of a stream, until it ends. */
export const eventsIn = async function* (answer: IncomingMessage): AsyncGenerator<ServerEvent> {
  let text = '';
  for await (const chunk of answer) {
    text += String(chunk);
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => [line.split(': ', 1)[0], line.replace(/^\w+: /, '')]));
      const data = fields.get('data');
      if (data !== undefined) yield { event: fields.get('event') ?? 'message', data: JSON.parse(data) };
    }
  }
};
