export interface AllowanceOptions {
  readonly perSecond: number;
  readonly charactersPerSecond: number;
  /** Milliseconds of a clock that is never put back. */
  readonly nowMs: () => number;
}

/** A token bucket: lets so many messages and characters a second through. What was left over in a second is not saved up. */
export class Allowance {
  private messages: number;
  private characters: number;
  private atMs: number;

  constructor(private readonly options: AllowanceOptions) {
    this.messages = options.perSecond;
    this.characters = options.charactersPerSecond;
    this.atMs = options.nowMs();
  }

  /** Whether one more may be let through. The last may have more characters than are left; the next ones wait for it. */
  get isLeft(): boolean {
    const { perSecond, charactersPerSecond, nowMs } = this.options;
    const now = nowMs();
    const seconds = (now - this.atMs) / 1000;
    this.atMs = now;
    this.messages = Math.min(perSecond, this.messages + perSecond * seconds);
    this.characters = Math.min(charactersPerSecond, this.characters + charactersPerSecond * seconds);
    return this.messages >= 1 && this.characters > 0;
  }

  take(characters: number): void {
    this.messages -= 1;
    this.characters -= characters;
  }
}
