import { signsOf } from '../../screen/width';
import type { Key } from './key';

/** What is typed to find buckets. */
export interface Prompt {
  /** Part of the names of the buckets that are shown. */
  readonly filter: string;
  readonly isTyping: boolean;
}

export const NO_PROMPT: Prompt = { filter: '', isTyping: false };

const LONGEST = 255;

const typed = (prompt: Prompt, { name, text = '', ctrl = false }: Key): Prompt => {
  const { filter } = prompt;
  if (name === 'return' || name === 'enter') return { ...prompt, isTyping: false };
  if (name === 'escape') return NO_PROMPT;
  if (name === 'backspace') return { ...prompt, filter: signsOf(filter).slice(0, -1).join('') };
  if (ctrl && name === 'u') return { ...prompt, filter: '' };
  return /^\P{C}+$/u.test(text) && filter.length + text.length <= LONGEST
    ? { ...prompt, filter: filter + text }
    : prompt;
};

/** What a key does to the prompt: `/` opens it, Enter closes it, Esc empties it. */
export const prompted = (prompt: Prompt, key: Key): Prompt => {
  if (prompt.isTyping) return typed(prompt, key);
  if (key.text === '/') return { ...prompt, isTyping: true };
  return key.name === 'escape' ? NO_PROMPT : prompt;
};
