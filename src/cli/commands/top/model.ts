import type { StatusDocument } from '../../../control/status/document';
import { ratesBetween, type Rates } from '../../status/rates';
import type { Key } from './key';
import { NO_PROMPT, prompted, type Prompt } from './prompt';
import { sortAfter, type Sort } from './sorts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** All that the screen shows. */
export interface Model extends Prompt {
  readonly size: Size;
  readonly nowMs: number;
  /** What the daemon said last. Undefined: nothing yet. */
  readonly document: StatusDocument | undefined;
  readonly rates: Rates | undefined;
  /** Why the daemon does not answer, and since when. Undefined: it does, or has not been asked yet. */
  readonly away: { readonly problem: string; readonly sinceMs: number } | undefined;
  readonly sort: Sort;
  /** The first row of buckets that is shown, from 0. */
  readonly first: number;
  readonly isOver: boolean;
}

/** What happens. */
export type Happening =
  | { readonly kind: 'key'; readonly key: Key }
  | { readonly kind: 'resized'; readonly size: Size }
  | { readonly kind: 'ticked'; readonly nowMs: number }
  | { readonly kind: 'told'; readonly document: StatusDocument }
  | { readonly kind: 'away'; readonly problem: string };

/** How many rows of buckets there are, and how many of them the screen has room for. */
export type Measure = (model: Model) => { readonly total: number; readonly page: number };

export const firstModel = (size: Size, nowMs: number): Model => ({
  ...NO_PROMPT,
  ...{ size, nowMs, document: undefined, rates: undefined, away: undefined, sort: 'rate', first: 0, isOver: false },
});

const isEnd = ({ name, ctrl = false }: Key, { isTyping }: Prompt): boolean =>
  ctrl ? name === 'c' : name === 'q' && !isTyping;

/** Where a key scrolls to; what is beyond the ends is put right later. */
const scrolled = (first: number, { name }: Key, page: number): number => {
  switch (name) {
    case 'up':
      return first - 1;
    case 'down':
      return first + 1;
    case 'pageup':
      return first - page;
    case 'pagedown':
      return first + page;
    case 'home':
      return 0;
    case 'end':
      return Infinity;
    default:
      return first;
  }
};

const pressed = (model: Model, key: Key, measure: Measure): Model => {
  if (isEnd(key, model)) return { ...model, isOver: true };
  const prompt = prompted(model, key);
  if (prompt.filter !== model.filter) return { ...model, ...prompt, first: 0 };
  if (!model.isTyping && key.text === 's') return { ...model, sort: sortAfter(model.sort), first: 0 };
  return { ...model, ...prompt, first: scrolled(model.first, key, measure(model).page) };
};

const after = (model: Model, happening: Happening, measure: Measure): Model => {
  switch (happening.kind) {
    case 'key':
      return pressed(model, happening.key, measure);
    case 'resized':
      return { ...model, size: happening.size };
    case 'ticked':
      return { ...model, nowMs: happening.nowMs };
    case 'told': {
      const { document } = happening;
      return { ...model, document, rates: ratesBetween(model.document, document) ?? model.rates, away: undefined };
    }
    case 'away':
      return {
        ...model,
        away: { problem: happening.problem, sinceMs: model.away?.sinceMs ?? model.nowMs },
        rates: undefined,
      };
  }
};

/** What is shown after something has happened. */
export const updated =
  (measure: Measure) =>
  (model: Model, happening: Happening): Model => {
    const next = after(model, happening, measure);
    const { total, page } = measure(next);
    return { ...next, first: Math.max(0, Math.min(next.first, total - page)) };
  };
