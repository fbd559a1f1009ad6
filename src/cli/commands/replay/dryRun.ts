import type { Frames } from '../../../model';
import { surveyFile, type Survey } from '../../../spool/countFile';
import { MessageCursor } from '../../../wire/messageCursor';
import { timeText } from '../../../wire/timeText';
import { countText, messagesText } from '../../texts';

/** What a file holds of a bucket. */
export interface BucketSurvey {
  readonly bucket: string;
  readonly messages: number;
  readonly bytes: number;
  /** When its messages came. Milliseconds since 1970. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/** What would be sent of a file. */
export interface FileSurvey extends Survey {
  readonly path: string;
  readonly buckets: readonly BucketSurvey[];
}

const withRun = (cursor: MessageCursor, known: BucketSurvey, { bytes, count, arrivedMs }: Frames): BucketSurvey => {
  let { firstMs, lastMs } = known;
  cursor.reset(bytes);
  while (cursor.next()) {
    const ms = cursor.timestampMs ?? arrivedMs;
    firstMs = Math.min(firstMs, ms);
    lastMs = Math.max(lastMs, ms);
  }
  return { ...known, messages: known.messages + count, bytes: known.bytes + bytes.length, firstMs, lastMs };
};

/** Looks through what is still to be sent of a file. Changes nothing. */
export const surveyByBucket = async (path: string): Promise<FileSurvey> => {
  const buckets = new Map<string, BucketSurvey>();
  const cursor = new MessageCursor(Buffer.alloc(0));
  const survey = await surveyFile(path, (frames) => {
    const { bucket } = frames;
    const none: BucketSurvey = { bucket, messages: 0, bytes: 0, firstMs: Infinity, lastMs: -Infinity };
    buckets.set(bucket, withRun(cursor, buckets.get(bucket) ?? none, frames));
  });
  return { path, ...survey, buckets: [...buckets.values()] };
};

/** For people: a line for the file, one for each bucket, and what is no message. */
export const surveyLines = ({ path, bytes, done, buckets, fault }: FileSurvey): readonly string[] => [
  `${path}: ${countText(bytes)} bytes${done > 0 ? `, of which ${countText(done)} are sent already` : ''}`,
  ...buckets.map(
    ({ bucket, messages, bytes: size, firstMs, lastMs }) =>
      `  ${bucket}: ${messagesText(messages)}, ${countText(size)} bytes, came ${timeText(firstMs)} to ${timeText(lastMs)}`,
  ),
  ...(fault
    ? [
        `  from byte ${fault.at} on no message (${fault.detail}): ${countText(bytes - fault.at)} bytes go to ${path}.bad`,
      ]
    : []),
];
