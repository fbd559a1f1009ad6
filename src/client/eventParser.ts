/** An event of a server; its data are what was read as JSON. */
export interface ServerEvent {
  readonly event: string;
  readonly data: unknown;
}

/** An event may be this long; the books of 500 buckets are some 200 kB. */
const MOST_CHARACTERS = 32_000_000;

const FIELD = /^(event|data)(?:: ?(.*))?$/s;

/** The event in the lines of a block; undefined where it has no data, as a comment or `retry`. */
const eventIn = (block: string): ServerEvent | undefined => {
  const data: string[] = [];
  let event = 'message';
  for (const line of block.split(/\r?\n/)) {
    const [, name, value = ''] = FIELD.exec(line) ?? [];
    if (name === 'data') data.push(value);
    else if (name === 'event' && value !== '') event = value;
  }
  return data.length === 0 ? undefined : { event, data: JSON.parse(data.join('\n')) };
};

/**
 * Cuts the text of server-sent events, given as it comes, into whole events, which are to be taken at once. Throws where data are no
 * JSON, or an event has no end.
 *
 *     text     event: a\nda | ta: 1\n\nevent: b\nd | ata: 2\n\n
 *     events                  {a, 1}                 {b, 2}
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export const createEventParser = (): ((text: string) => Iterable<ServerEvent>) => {
  let rest = '';
  return function* (text) {
    const blocks = (rest + text).split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? '';
    if (rest.length > MOST_CHARACTERS) throw new Error(`an event of more than ${MOST_CHARACTERS} characters`);
    for (const block of blocks) {
      const event = eventIn(block);
      if (event) yield event;
    }
  };
};
