import { sequenceS } from 'fp-ts/Apply';
import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import * as RA from 'fp-ts/ReadonlyArray';
import type { BatchLimits, Decode, Problem } from '../../model';
import { decodeWith } from '../codecs';
import { childPath, kindOf } from '../problems';
import { readNames } from './settings/names';
import { conflicts, surprises, type IsGiven, type Rule } from './settings/rules';
import { saslConflicts, saslSurprises } from './settings/saslRules';
import { KAFKA_SCHEMA } from './settings/schema';
import { Named } from './settings/table';
import { tlsConflicts, tlsSurprises } from './settings/tlsRules';
import { toKafkaSettings } from './settings/toKafkaSettings';
import type { KafkaSettings } from './settings/types';

export type { CodecName, KafkaSettings, PartitionerName } from './settings/types';

const all = sequenceS(E.getApplicativeValidation(RA.getSemigroup<Problem>()));

const ERRORS: readonly Rule[] = [conflicts, tlsConflicts, saslConflicts];
const WARNINGS: readonly Rule[] = [surprises, tlsSurprises, saslSurprises];

const unlessAny = <A>(problems: readonly Problem[], value: A): E.Either<readonly Problem[], A> =>
  problems.length > 0 ? E.left(problems) : E.right(value);

const decode = (raw: unknown, path: string): E.Either<readonly Problem[], KafkaSettings> => {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    return E.left([{ path, expected: 'an object of librdkafka settings', got: kindOf(raw, path) }]);
  const { values, spelling, problems, warnings } = readNames(raw, path);
  const given: IsGiven = (name) => (values[name] ?? undefined) !== undefined;
  const foundBy = (rules: readonly Rule[], named: Named): readonly Problem[] =>
    rules.flatMap((rule) => rule(named, given));
  const inUsersWords = (problem: Problem): Problem => ({
    ...problem,
    path: childPath(path, spelling.get(problem.path) ?? problem.path),
  });
  return pipe(
    all({
      names: unlessAny(problems, undefined),
      named: pipe(
        decodeWith(Named)(values, ''),
        E.chain((named) => unlessAny(foundBy(ERRORS, named), named)),
        E.mapLeft((found) => found.map(inUsersWords)),
      ),
    }),
    E.map(({ named }) => toKafkaSettings(named, [...warnings, ...foundBy(WARNINGS, named).map(inUsersWords)])),
  );
};

/**
 * Checks the `settings` of a Kafka stream, which go by librdkafka's names; a value may be a text, a number or true/false.
 * A name that librdkafka does not know is an error, a known one without effect here a warning that says why.
 */
export const decodeKafkaSettings: Decode<KafkaSettings> = Object.assign(decode, { schema: KAFKA_SCHEMA });

/** A bucket that feeds the stream closes its batches by the stream's linger and record batch. */
export const kafkaLimits = ({ lingerMs, batchNumMessages }: KafkaSettings): Partial<BatchLimits> => ({
  ms: lingerMs,
  count: batchNumMessages,
});
