import { printableJson, printableLines } from '../../printable';

/** A message as the daemon tells of it. */
export interface Seen {
  readonly message?: string | null;
  /** What is no UTF-8. */
  readonly messageBase64?: string;
}

/** A line of JSON in which nothing moves or paints; it reads as the same value. */
export const jsonLine = (seen: Seen): string => `${printableJson(seen)}\n`;

/** The message alone, with a line end: as it is, but for a terminal, where only its own line ends do something. */
export const rawLine = ({ message, messageBase64 }: Seen, isTerminal: boolean): Buffer => {
  const bytes = messageBase64 === undefined ? Buffer.from(message ?? '') : Buffer.from(messageBase64, 'base64');
  return Buffer.concat([isTerminal ? printableLines(bytes) : bytes, Buffer.from('\n')]);
};
