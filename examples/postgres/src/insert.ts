import { MessageCursor, type Frames, type StreamOptions } from 'kahets';
import type { Settings } from './settings';

/** A message as it is inserted, and what makes it itself: the same row twice is one. */
export interface Row {
  readonly batch: string;
  readonly position: number;
  readonly bucket: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly arrivedMs: number;
}

/** Copies: the row outlives its batch. */
export const rowOf = (
  { bucket, bytes, arrivedMs }: Frames,
  { batch, position }: Pick<Row, 'batch' | 'position'>,
  emptyKey: StreamOptions['emptyKey'],
): Row => {
  const cursor = new MessageCursor(bytes);
  cursor.next();
  const { keyStart, keyEnd, valueStart, end, isRecord } = cursor;
  const hasKey = !cursor.keyIsNull && (isRecord || keyStart < keyEnd || emptyKey === 'empty');
  return {
    ...{ batch, position, bucket },
    key: hasKey ? Buffer.from(bytes.subarray(keyStart, keyEnd)) : null,
    value: cursor.valueIsNull ? null : Buffer.from(bytes.subarray(valueStart, end)),
    arrivedMs: cursor.timestampMs ?? arrivedMs,
  };
};

const CONVERSIONS: Readonly<Record<Settings['valueType'], string>> = {
  bytea: 'value',
  text: "convert_from(value, 'UTF8')",
  jsonb: "convert_from(value, 'UTF8')::jsonb",
};

/** One statement, and so one transaction, for any number of rows: an array a column. */
export const insertInto = ({ table, valueType }: Pick<Settings, 'table' | 'valueType'>, rows: readonly Row[]) => ({
  text: `INSERT INTO ${table} (batch, position, bucket, key, value, arrived)
         SELECT batch, position, bucket, key, ${CONVERSIONS[valueType]}, to_timestamp(ms / 1000)
           FROM unnest($1::uuid[], $2::int[], $3::text[], $4::bytea[], $5::bytea[], $6::float8[])
                AS message (batch, position, bucket, key, value, ms)
         ON CONFLICT DO NOTHING`,
  values: [
    rows.map(({ batch }) => batch),
    rows.map(({ position }) => position),
    rows.map(({ bucket }) => bucket),
    rows.map(({ key }) => key),
    rows.map(({ value }) => value),
    rows.map(({ arrivedMs }) => arrivedMs),
  ],
});
