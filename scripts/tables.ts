/** Tables in Markdown, made of what codecs say of themselves. */
import type { JsonSchema } from '../src/model';

const HOUR_MS = 3_600_000;

export const code = (text: string): string => `\`${text}\``;
/** A cell may hold no bar, and a number's own name says enough. */
const cell = (text: string): string =>
  text
    .replaceAll('|', '\\|')
    .replace(/^a whole number from /, '')
    .replace(/^a number from /, '');
export const row = (...cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The properties of an object, or of one that may be missing. */
const propertiesOf = ({ properties, anyOf = [] }: JsonSchema): JsonSchema['properties'] =>
  properties ?? anyOf.find((schema) => schema.properties)?.properties;

const codes = (words: readonly string[]): string => words.map(code).join(', ');

/** What an error says was expected, without what the page explains once for all. */
const brief = (values: string): string =>
  values
    .replace(/^one of (.*)$/, (_, words: string) => codes(words.split(', ')))
    .replace(/^a whole number (?!from )/, '')
    .replace(/^(a size|a time) such as [^,]*, (?:from )?/, '$1, ')
    .replace(/\b(\d+) ms\b/g, (text, ms: string) =>
      Number(ms) % HOUR_MS === 0 && ms !== '0' ? `${Number(ms) / HOUR_MS} h` : text,
    );

const valuesOf = (schema: JsonSchema): string => {
  const properties = propertiesOf(schema);
  return properties ? `an object with ${codes(Object.keys(properties))}` : brief(schema.title ?? 'an object');
};

const defaultOf = ({ default: value }: JsonSchema): string => {
  if (value === undefined || value === '') return 'none';
  return code(typeof value === 'string' ? value : JSON.stringify(value));
};

type Rows = readonly string[];

const rowsOf = (schema: JsonSchema, prefix: string, except: readonly string[]): Rows =>
  Object.entries(propertiesOf(schema) ?? {}).flatMap(([key, property]): Rows => {
    if (except.includes(key)) return [];
    const { description = '' } = property;
    const isNeeded = prefix === '' && (schema.required ?? []).includes(key);
    return [
      row(code(`${prefix}${key}`), isNeeded ? 'needed' : defaultOf(property), valuesOf(property), capital(description)),
      // Those of any sink are told of once.
      ...rowsOf(property, `${prefix}${key}.`, [...except, 'type', 'settings']),
    ];
  });

/** A row for each key of an object, and for each of those inside of it. */
export const keyTable = (schema: JsonSchema, called = 'key'): string =>
  [row(called, 'default', 'values', 'what it does'), row('---', '---', '---', '---'), ...rowsOf(schema, '', [])].join(
    '\n',
  );

/** A page whose tables are kept between two markers that name them; all around them is written by hand. */
export const withTables = (page: string, tables: Readonly<Record<string, string>>): string =>
  Object.entries(tables).reduce((text, [name, table]) => {
    const [start, end] = [`<!-- table of ${name}, written by \`npm run docs\` -->`, `<!-- end of ${name} -->`];
    const [from, to] = [text.indexOf(start), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`expected ${start} and below it ${end} in the page`);
    return `${text.slice(0, from + start.length)}\n\n${table}\n\n${text.slice(to)}`;
  }, page);
