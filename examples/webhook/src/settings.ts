import * as t from 'io-ts';
import { about, decodeWith, durationIn, integerIn, oneOf, scalar, withDefault } from 'kahets';

const URL_TEXT = /^https?:\/\/[^/@]+(\/|$)/i;

/** With credentials in it a URL could not be shown to anybody: those belong into a header. */
const isUrl = (value: unknown): value is string =>
  typeof value === 'string' && URL_TEXT.test(value) && URL.canParse(value);

const Url = scalar(
  'an http or https URL without user and password',
  isUrl,
  (input) => (isUrl(input) ? input : undefined),
  {
    type: 'string',
    pattern: '^[hH][tT][tT][pP][sS]?://[^/@]+(/|$)',
  },
);

const Headers = t.record(t.string, t.string, 'an object of header names and texts');

export const Settings = t.type({
  url: about(Url, 'takes the POST requests', ['https://example.com/hooks/orders']),
  format: about(
    withDefault<'lines' | 'array'>(oneOf(['lines', 'array']), 'lines'),
    'how the messages of a request are written: one JSON object a line, or one JSON array of them',
  ),
  headers: about(withDefault(Headers, {}), 'sent with every request', [{ authorization: 'Bearer ${HOOK_TOKEN}' }]),
  timeoutMs: about(withDefault(durationIn(1, 300_000), 10_000), 'a request without an answer for so long has failed'),
  maxMessages: about(withDefault(integerIn(1, 100_000), 1_000), 'messages of a request, at most'),
});

export type Settings = t.TypeOf<typeof Settings>;

export const decodeSettings = decodeWith(Settings);
