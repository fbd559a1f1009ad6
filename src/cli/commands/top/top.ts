import * as E from 'fp-ts/Either';
import {
  distinctUntilChanged,
  EMPTY,
  finalize,
  fromEvent,
  lastValueFrom,
  map,
  merge,
  scan,
  share,
  startWith,
  switchMap,
  takeUntil,
  takeWhile,
  tap,
  timer,
  type Observable,
} from 'rxjs';
import type { HttpAddress } from '../../../config/envCodecs';
import { tell, type CommandHost } from '../../command';
import { EX } from '../../exitCodes';
import { httpAddressOf } from '../../httpAddress';
import { coloursFor } from '../../screen/colours';
import { keyboardOf, terminalOf, type Keyboard, type Terminal } from '../../screen/terminal';
import { keysOf, type Key } from './key';
import { firstModel, updated, type Happening, type Model } from './model';
import { NO_PROMPT, prompted } from './prompt';
import type { TopRequest } from './request';
import { openScreen, sizeOf } from './screen';
import { measure, view } from './view';
import { watchDaemon } from './watch';

const TICK_MS = 1_000;
/** While somebody types the daemon is not asked at every key. */
const TYPING_MS = 200;

/** What the daemon tells of the buckets that are looked for. */
const toldOf = (address: HttpAddress, keys$: Observable<Key>): Observable<Happening> =>
  keys$.pipe(
    scan(prompted, NO_PROMPT),
    map(({ filter }) => filter),
    startWith(''),
    distinctUntilChanged(),
    switchMap((filter, n) => timer(n === 0 ? 0 : TYPING_MS).pipe(switchMap(() => watchDaemon(address, filter)))),
  );

/** The terminal is gone. */
const hungUp = (terminal: Terminal, keyboard: Keyboard | undefined): Observable<unknown> =>
  merge(
    fromEvent(terminal, 'error'),
    keyboard ? merge(fromEvent(keyboard, 'error'), fromEvent(keyboard, 'end')) : EMPTY,
  );

const modelsOf = (
  address: HttpAddress,
  terminal: Terminal,
  keyboard: Keyboard | undefined,
  now: () => number,
): Observable<Model> => {
  const keys$ = (keyboard ? keysOf(keyboard) : EMPTY).pipe(share());
  const first = firstModel(sizeOf(terminal), now());
  return merge(
    keys$.pipe(map((key): Happening => ({ kind: 'key', key }))),
    fromEvent(terminal, 'resize').pipe(map((): Happening => ({ kind: 'resized', size: sizeOf(terminal) }))),
    timer(TICK_MS, TICK_MS).pipe(map((): Happening => ({ kind: 'ticked', nowMs: now() }))),
    toldOf(address, keys$),
  ).pipe(
    scan(updated(measure), first),
    startWith(first),
    takeWhile(({ isOver }) => !isOver),
  );
};

/** Runs `kahets top`; resolves with its exit code. */
export const top = async (request: TopRequest, host: CommandHost): Promise<number> => {
  const { environment, interrupted$, err, now, process } = host;
  const address = httpAddressOf(request.http, host);
  if (E.isLeft(address)) return tell(err, address.left);
  const terminal = terminalOf(host.stdout());
  if (!terminal || environment['TERM'] === 'dumb') {
    const problem = 'expected standard output to be a terminal, which kahets status does not need';
    return tell(err, { code: EX.USAGE, problems: [problem] });
  }
  const keyboard = keyboardOf(host.stdin());
  const colours = coloursFor(true, environment);
  const screen = openScreen(terminal, keyboard);
  process.on('exit', screen.close);
  const drawn$ = modelsOf(address.right, terminal, keyboard, now).pipe(
    tap((model) => screen.draw(view(model, colours))),
    takeUntil(merge(interrupted$, hungUp(terminal, keyboard))),
    finalize(screen.close),
  );
  await lastValueFrom(drawn$, { defaultValue: undefined });
  return EX.OK;
};
