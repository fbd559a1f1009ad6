/** A figure as it was found. */
export interface Figure {
  readonly value: number;
  /** What else is to be known of it. */
  readonly note: string;
}
