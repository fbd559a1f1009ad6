import { sequenceS } from 'fp-ts/Apply';
import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import * as RA from 'fp-ts/ReadonlyArray';
import { MIN_MEMORY_BYTES, memoryMarks } from '../control/held';
import type { Level, Problem } from '../model';
import { decodeWith, MB, sizeText } from '../sinks/codecs';
import { nearest } from '../sinks/nearest';
import { isLocal, socketText, type Address } from '../wire/address';
import type { HttpAddress } from './envCodecs';
import { DEFAULT_BUCKETS_FILE, Memory, Sockets, Variables } from './variables';

/** Environment variables, or the content of an env file. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment says. */
export interface Settings {
  /** Where programs connect to. */
  readonly sockets: readonly Address[];
  /** Bound of the process's resident set, 160 MB at least. */
  readonly maxMemoryBytes: number;
  readonly maxCpus: number;
  readonly logLevel: Level;
  /** A longer frame is skipped and counted. */
  readonly maxFrameBytes: number;
  /** A half frame that makes no progress for so long closes its connection. */
  readonly frameTimeoutMs: number;
  /** Permissions of the UNIX sockets; where missing the umask decides. */
  readonly socketMode?: number;
  /** How long a stop waits for messages to be delivered. */
  readonly drainTimeoutMs: number;
  /** The folder for what is accepted and neither delivered nor backed up when the process ends, and for journals. */
  readonly spool: string;
  /** Undefined: no HTTP is served. */
  readonly http?: HttpSettings;
}

/** How HTTP is served. */
export interface HttpSettings {
  readonly address: HttpAddress;
  /** Permissions of its socket file, where it has one. */
  readonly socketMode: number;
  /** Names of this host that a request may be for, besides those of the loopback and the address itself. */
  readonly hosts: readonly string[];
  /** Whether a discarded message may be shown, in part. */
  readonly showMessages: boolean;
}

const all = sequenceS(E.getApplicativeValidation(RA.getSemigroup<Problem>()));

const NAMES = Object.keys(Variables.props);

/** The env file that is read: `environment` picks it, `dev` where it is not set. */
export const envFileName = ({ environment }: Environment): string => `.env.${environment || 'dev'}.local`;

/** An empty variable counts as one that is not set. */
const withoutEmpty = (environment: Environment): Environment =>
  Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value.trim() !== ''));

/** Every variable: those of the process win over those of the env file. */
export const variablesOf = (ofProcess: Environment, file: Environment): Environment => ({ ...file, ...ofProcess });

/** Path of `buckets.json`, to be checked even when other variables are wrong. */
export const bucketsFile = (ofProcess: Environment, file: Environment): string =>
  withoutEmpty(variablesOf(ofProcess, file))['BUCKETS_FILE'] ?? DEFAULT_BUCKETS_FILE;

const toSettings = (variables: Variables): Settings => ({
  sockets: variables.SOCKET,
  maxMemoryBytes: Math.max(variables.MAXMEMORY, MIN_MEMORY_BYTES),
  maxCpus: variables.MAXCPUS,
  logLevel: variables.LOG_LEVEL,
  maxFrameBytes: variables.MAX_FRAME,
  frameTimeoutMs: variables.FRAME_TIMEOUT,
  drainTimeoutMs: variables.DRAIN_TIMEOUT,
  spool: variables.SPOOL,
  ...(variables.SOCKET_MODE === undefined ? {} : { socketMode: variables.SOCKET_MODE }),
  ...(variables.HTTP === undefined
    ? {}
    : {
        http: {
          address: variables.HTTP,
          socketMode: variables.HTTP_MODE,
          hosts: variables.HTTP_HOSTS,
          showMessages: variables.HTTP_MESSAGES,
        },
      }),
});

/** Half frames may hold at most half of what all messages may, so that one of them can always become whole. */
const frameFits = (variables: Environment): E.Either<readonly Problem[], unknown> => {
  const memory = Memory.decode(variables);
  // A size that is none is told of where all variables are checked.
  if (E.isLeft(memory)) return E.right(variables);
  const { MAXMEMORY, MAX_FRAME } = memory.right;
  const most = Math.floor(memoryMarks(MAXMEMORY).high / 2);
  if (MAX_FRAME <= most) return E.right(variables);
  const expected = `at most ${Math.floor(most / MB)}MB at MAXMEMORY=${sizeText(MAXMEMORY)}, or a larger MAXMEMORY`;
  return E.left([{ path: 'MAX_FRAME', expected, got: sizeText(MAX_FRAME) }]);
};

/** An address that other hosts reach has to be told twice. */
const remoteIsMeant = (variables: Environment): E.Either<readonly Problem[], unknown> => {
  const sockets = Sockets.decode(variables);
  // As above.
  if (E.isLeft(sockets) || sockets.right.SOCKET_REMOTE) return E.right(variables);
  const remote = sockets.right.SOCKET.filter((address) => !isLocal(address)).map(socketText);
  const expected =
    'TCP addresses of the loopback such as tcp://127.0.0.1:9410, or SOCKET_REMOTE=1 beside it: who reaches another address sends what he likes, with no password and no encryption';
  return remote.length === 0 ? E.right(variables) : E.left([{ path: 'SOCKET', expected, got: remote.join(',') }]);
};

const warningsOf = (variables: Variables, file: Environment, used: readonly string[]): readonly Problem[] => [
  ...(variables.MAXMEMORY < MIN_MEMORY_BYTES
    ? [
        {
          path: 'MAXMEMORY',
          expected: `${sizeText(MIN_MEMORY_BYTES)} or more, so ${sizeText(MIN_MEMORY_BYTES)} is used`,
          got: sizeText(variables.MAXMEMORY),
        },
      ]
    : []),
  ...Object.keys(file)
    .filter((name) => !NAMES.includes(name) && !used.includes(name))
    .map((name) => {
      const meant = nearest(name, NAMES);
      const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
      return {
        path: name,
        expected: `one of ${NAMES.join(', ')}${hint}`,
        got: 'a name without effect in the env file',
      };
    }),
];

/**
 * Settings from the variables of the process and of the env file, of which those of the process win. All problems at once.
 * `used` are names that mean something elsewhere.
 */
export const decodeEnvironment = (
  ofProcess: Environment,
  file: Environment = {},
  used: readonly string[] = [],
): E.Either<readonly Problem[], { readonly settings: Settings; readonly warnings: readonly Problem[] }> => {
  const variables = withoutEmpty(variablesOf(ofProcess, file));
  return pipe(
    all({
      checked: decodeWith(Variables)(variables, ''),
      fits: frameFits(variables),
      meant: remoteIsMeant(variables),
    }),
    E.map(({ checked }) => ({ settings: toSettings(checked), warnings: warningsOf(checked, file, used) })),
  );
};
