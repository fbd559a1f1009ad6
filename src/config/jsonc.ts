import * as E from 'fp-ts/Either';
import { parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import type { Problem } from '../model';
import { positionAt, positionsIn } from './positions';
import type { Position } from './report';

/** A document of JSON with comments and trailing commas. */
export interface Document {
  /** Objects have their keys as own properties, `__proto__` too. */
  readonly value: unknown;
  /** Keys that stand in their object more than once, as paths; the last one counts. */
  readonly repeated: readonly (readonly (string | number)[])[];
  /** Where that stands which a problem's path names, or what should hold it. */
  readonly positionOf: (path: string) => Position;
}

const EXPECTED: ReadonlyMap<string, string> = new Map([
  ['InvalidSymbol', 'a value: a string in double quotes, a number, true, false, null, { or ['],
  ['InvalidNumberFormat', 'a number'],
  ['PropertyNameExpected', 'a key in double quotes'],
  ['ValueExpected', 'a value'],
  ['ColonExpected', 'a colon after the key'],
  ['CommaExpected', 'a comma'],
  ['CloseBraceExpected', 'a closing }'],
  ['CloseBracketExpected', 'a closing ]'],
  ['EndOfFileExpected', 'nothing after the end of the document'],
  ['InvalidCommentToken', 'no comment'],
  ['UnexpectedEndOfComment', 'the end of the comment: */'],
  ['UnexpectedEndOfString', 'the closing double quote of a string'],
  ['UnexpectedEndOfNumber', 'the rest of a number'],
  ['InvalidUnicode', 'four hexadecimal digits after \\u'],
  ['InvalidEscapeCharacter', 'one of "\\/bfnrtu after the backslash'],
  ['InvalidCharacter', 'no control characters in a string (a tab is \\t)'],
]);

/** The kind of what stands at `offset`: never the text itself, which may be a part of a secret. */
const found = (text: string, offset: number): string => {
  const character = text[offset];
  if (character === undefined) return 'the end of the file';
  if (/[{}[\],:]/.test(character)) return character;
  if (character === '"') return 'a string';
  return /[\d-]/.test(character) ? 'a number' : 'something else';
};

const syntaxProblem = (text: string, { error, offset }: ParseError): Problem & Position => {
  const position = positionAt(text, offset);
  return {
    ...position,
    path: `line ${position.line}, column ${position.column}`,
    expected: EXPECTED.get(printParseErrorCode(error)) ?? 'JSON',
    got: found(text, offset),
  };
};

type Content = Pick<Document, 'repeated' | 'value'>;

const contentOf = (node: Node, path: readonly (string | number)[] = []): Content => {
  if (node.type === 'array') {
    const items = (node.children ?? []).map((child, index) => contentOf(child, [...path, index]));
    return { value: items.map(({ value }) => value), repeated: items.flatMap(({ repeated }) => repeated) };
  }
  if (node.type !== 'object') return { value: node.value, repeated: [] };
  const properties = (node.children ?? []).flatMap(({ children: [key, value] = [] }) =>
    key && value ? [{ key: String(key.value), ...contentOf(value, [...path, String(key.value)]) }] : [],
  );
  const keys = properties.map(({ key }) => key);
  return {
    value: Object.fromEntries(properties.map(({ key, value }) => [key, value])),
    repeated: [
      ...keys.filter((key, index) => keys.indexOf(key) !== index).map((key) => [...path, key]),
      ...properties.flatMap(({ repeated }) => repeated),
    ],
  };
};

/** Reads JSON with comments and trailing commas; an error names line and column and what was expected there. */
export const parseJsonc = (source: string): E.Either<Problem & Position, Document> => {
  const text = source.replace(/^\uFEFF/, ' ');
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  // What follows the first error is mostly its echo.
  const [first] = errors;
  if (first) return E.left(syntaxProblem(text, first));
  return root
    ? E.right({ ...contentOf(root), positionOf: positionsIn(text, root) })
    : E.left({ line: 1, column: 1, path: 'line 1, column 1', expected: 'an object', got: 'nothing' });
};
