/** One micro-benchmark. */
export interface Micro {
  readonly group: string;
  readonly name: string;
  readonly prepare: () => Call | Promise<Call>;
}

/** What is timed: it does something to so many messages and bytes. */
export interface Call {
  readonly messages: number;
  readonly bytes: number;
  /** Its result is kept from being optimised away. */
  readonly call: () => unknown;
}

export interface Timed {
  /** Of a call: the median. */
  readonly nanos: number;
  readonly messages: number;
  readonly bytes: number;
}

/** Times one call again and again. mitata is a module of the other kind, so that it is loaded when it is needed. */
export const time = async ({ prepare }: Micro): Promise<Timed> => {
  const { do_not_optimize, measure } = await import('mitata');
  const { call, messages, bytes } = await prepare();
  const { p50: nanos } = await measure(() => {
    do_not_optimize(call());
  });
  return { nanos, messages, bytes };
};
