/** Why the daemon cannot listen: where, what was found and what was expected. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  constructor(
    readonly path: string,
    readonly found: string,
    readonly expected: string,
    options?: ErrorOptions,
  ) {
    super(`SOCKET ${path}: found ${found}, expected ${expected}`, options);
  }
}
