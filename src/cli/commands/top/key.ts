import { emitKeypressEvents } from 'node:readline';
import type { Readable } from 'node:stream';
import { defer, fromEvent, type Observable } from 'rxjs';

/** A key that was pressed. */
export interface Key {
  /** `up`, `pagedown`, `return`, `q`; undefined for a sign that has no name. */
  readonly name?: string | undefined;
  /** What it writes. */
  readonly text?: string | undefined;
  readonly ctrl?: boolean | undefined;
}

/** The keys that are typed, as they come. An Esc alone comes half a second later: others begin with one. */
export const keysOf = (keyboard: Readable): Observable<Key> =>
  defer(() => {
    emitKeypressEvents(keyboard);
    return fromEvent(
      keyboard,
      'keypress',
      (text: string | undefined, { name, ctrl, meta }: { name?: string; ctrl?: boolean; meta?: boolean }): Key => ({
        ...{ name, ctrl },
        // With Ctrl or Alt a key writes nothing.
        text: ctrl === true || meta === true ? undefined : text,
      }),
    );
  });
