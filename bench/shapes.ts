/** The traffic shapes. */
export interface Shape {
  readonly name: string;
  readonly title: string;
  readonly messageBytes: number;
  readonly messages: number;
  readonly connections: number;
  /** `bulk`: writes of 64 KB · `single`: a write for each message · `short`: each connection sends ten messages, a write each, and closes. */
  readonly writes: 'bulk' | 'single' | 'short';
  /** Messages a second; absent: as fast as the reader takes them. */
  readonly perSecond?: number | undefined;
  /** What kahets must reach: its CPU a message at most `ratio` of the peer's. */
  readonly target: { readonly ratio: number; readonly peer: 'kcat' | 'rsyslog' };
}

/** Messages of a connection that sends and closes. */
export const SHORT_MESSAGES = 10;

export const SHAPES: readonly Shape[] = [
  {
    name: 'bulk',
    title: '4 connections, bulk writes, 200 B',
    messageBytes: 200,
    messages: 1_000_000,
    connections: 4,
    writes: 'bulk',
    target: { ratio: 1.0, peer: 'kcat' },
  },
  {
    name: 'single',
    title: '50 connections, one write a message, 200 B',
    messageBytes: 200,
    messages: 500_000,
    connections: 50,
    writes: 'single',
    target: { ratio: 0.7, peer: 'rsyslog' },
  },
  {
    name: 'short',
    title: 'connect, send 10, close, 200 B',
    messageBytes: 200,
    messages: 200_000,
    connections: 16,
    writes: 'short',
    target: { ratio: 1.3, peer: 'rsyslog' },
  },
  {
    name: 'paced',
    title: '5,000/s over 10 connections, one write a message, 200 B',
    messageBytes: 200,
    messages: 50_000,
    connections: 10,
    writes: 'single',
    perSecond: 5000,
    target: { ratio: 0.7, peer: 'rsyslog' },
  },
  {
    name: 'bulk1k',
    title: '4 connections, bulk writes, 1 KB',
    messageBytes: 1024,
    messages: 300_000,
    connections: 4,
    writes: 'bulk',
    target: { ratio: 0.5, peer: 'kcat' },
  },
];
