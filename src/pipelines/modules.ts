import * as E from 'fp-ts/Either';
import type { OperatorKind, SinkKind } from '../model';

/** What a module brings. */
export interface Loaded<K> {
  readonly kind: K;
  /** Whether its file is another now than the one that was loaded, which goes on. */
  readonly isStale: boolean;
}

/** The user's own modules, by their paths as they are configured. Left: what was found instead. */
export interface Modules {
  readonly operator: (path: string) => E.Either<string, Loaded<OperatorKind>>;
  /** Undefined: `type` is no path of a module. */
  readonly sink: (type: string) => E.Either<string, Loaded<SinkKind>> | undefined;
}

export const NO_MODULES: Modules = {
  operator: () => E.left('no modules can be loaded here'),
  sink: () => undefined,
};

/** The same modules; their kinds of sink are changed. */
export const mapSinks = (modules: Modules, change: (kind: SinkKind) => SinkKind): Modules => ({
  ...modules,
  sink: (type) => {
    const loaded = modules.sink(type);
    return loaded && E.map((found: Loaded<SinkKind>) => ({ ...found, kind: change(found.kind) }))(loaded);
  },
});
