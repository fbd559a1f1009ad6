import type { StatusDocument, StreamStatus } from '../../control/status/document';
import { spanText } from '../screen/figures';
import { bucketsText } from '../texts';

const reasonText = (cause: string | undefined): string => (cause === undefined ? '' : `: ${cause}`);

const ofStream = (
  { id, state, sinceMs, cause, topicsInTrouble, topics }: StreamStatus,
  nowMs: number,
): readonly string[] => {
  const since = sinceMs === undefined ? '' : ` for ${spanText(nowMs - sinceMs)}`;
  const [first] = topics;
  return [
    ...(state === 'up' ? [] : [`stream ${id} is ${state}${since}${reasonText(cause)}`]),
    ...(topicsInTrouble === 0 || first === undefined
      ? []
      : [
          `stream ${id} does not take ${bucketsText(topicsInTrouble)}, ${first.bucket} for one${reasonText(first.cause)}`,
        ]),
  ];
};

/** What is wrong with a daemon now, for people: that it is not ready, and what its streams do not take. */
export const problemsOf = ({ daemon, streams }: StatusDocument): readonly string[] => [
  ...daemon.reasons.map((reason) => `not ready: ${reason}`),
  ...streams.flatMap((stream) => ofStream(stream, daemon.nowMs)),
];
