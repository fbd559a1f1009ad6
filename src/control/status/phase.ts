/** Where the daemon is in its life. */
export type Phase = 'starting' | 'listening' | 'stopping';

/** Whether clients are accepted and read. */
export interface Readiness {
  readonly phase: Phase;
  readonly ready: boolean;
  /** Why not, for people. */
  readonly reasons: readonly string[];
}

const REASONS: Readonly<Record<Phase, readonly string[]>> = {
  starting: ['starting: the socket is not open yet'],
  listening: [],
  stopping: ['stopping: what is held is delivered, and no more is accepted'],
};

/** Ready is who accepts connections and reads them: not before it listens, not while memory is full, not while it stops. */
export const readinessOf = (phase: Phase, full: boolean): Readiness => {
  const reasons = [...REASONS[phase], ...(full ? ['memory is full: clients wait until messages are delivered'] : [])];
  return { phase, ready: reasons.length === 0, reasons };
};
