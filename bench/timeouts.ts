/** A run that takes longer has failed: a subject that hangs must not hang the others. */
export const RUN_TIMEOUT_MS = 120_000;
/** What has not arrived so long after the last message was sent is lost. */
export const DELIVERY_TIMEOUT_MS = 60_000;
