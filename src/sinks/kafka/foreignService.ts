/** librdkafka's `receive.message.max.bytes`: a longer answer is none. */
const MAX_ANSWER_BYTES = 100_000_000;
const QUOTED_BYTES = 16;

/** Types of TLS records: change of cipher, alert, handshake, data. */
const isTlsRecord = (bytes: Buffer): boolean => {
  const [type = 0, version = 0] = bytes;
  return type >= 0x14 && type <= 0x17 && version === 3;
};

/** What speaks like this, by its first bytes. */
export const describeService = (bytes: Buffer): 'TLS' | (string & {}) => {
  if (isTlsRecord(bytes)) return 'TLS';
  const text = bytes.subarray(0, QUOTED_BYTES).toString('latin1');
  if (text.startsWith('HTTP/')) return 'an HTTP server';
  if (text.startsWith('SSH-')) return 'an SSH server';
  return `something that begins with "${text.replaceAll(/[^ -~]/g, '.')}"`;
};

/** What kafkajs's connection does with the bytes that come. */
interface Reader {
  processData(bytes: Buffer): void;
  readonly bytesNeeded: number;
}

/**
 * Ends a connection on which something else than Kafka speaks. kafkajs takes the first four bytes for a length: one below 4
 * is an exception out of the socket's event, which ends the process; for that of `HTTP` it waits for 1.2 GB.
 */
export const guardAnswers = (
  reader: Reader,
  { onBytes, onForeign }: { readonly onBytes: (bytes: Buffer) => void; readonly onForeign: () => void },
): void => {
  const processData = reader.processData.bind(reader);
  reader.processData = (bytes) => {
    onBytes(bytes);
    try {
      processData(bytes);
    } catch {
      onForeign();
      return;
    }
    if (reader.bytesNeeded > MAX_ANSWER_BYTES) onForeign();
  };
};
