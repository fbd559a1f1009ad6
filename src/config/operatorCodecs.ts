import * as t from 'io-ts';
import { about, Codec, orElse, scalar, withDefault } from '../sinks/codecs';
import { AnyObject, section } from './section';

const MODULE_PATH = /^(?:\.{1,2})?\//;

/** Whether it names a module of the user's, as no kind of sink of the package is named. */
export const isModulePath = (value: unknown): value is string => typeof value === 'string' && MODULE_PATH.test(value);

export const ModulePath = scalar(
  'a path that starts with ./, ../ or /',
  isModulePath,
  (input) => (isModulePath(input) ? input : undefined),
  { type: 'string', pattern: MODULE_PATH.source },
);

const OperatorSection = section({
  module: about(ModulePath, 'path of the module, from the folder of `buckets.json`'),
  settings: about(withDefault(AnyObject, {}), 'settings of the operator, each module has its own'),
});

/** An operator of the user's: its module, and the settings that the module checks. */
export type OperatorConfig = t.TypeOf<typeof OperatorSection>;

const Operator = new Codec<OperatorConfig>(
  `${ModulePath.name}, or an object with module and settings`,
  (value): value is OperatorConfig => OperatorSection.is(value),
  (input, context) => {
    if (isModulePath(input)) return t.success({ module: input, settings: {} });
    return AnyObject.is(input) ? OperatorSection.validate(input, context) : t.failure(input, context);
  },
  (operator) => (Object.keys(operator.settings).length === 0 ? operator.module : operator),
  orElse(OperatorSection.schema, ModulePath.schema),
);

/** Operators in the order in which messages pass them. */
export const Operators = t.array(Operator, 'a list of operators');

/** The keys of an operator that is written as an object. */
export const OPERATOR_KEYS = OperatorSection.keys;
