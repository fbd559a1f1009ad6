/** What was a second ago, and before: the rates of the last minutes. */
const MOST_POINTS = 300;
/** More than this without an event is a gap. */
const GAP_MS = 5_000;

const perSecond = (now, before, seconds) => (now >= before ? (now - before) / seconds : null);

/** Rates between two documents of the same process. */
const ratesBetween = (before, document) => {
  const seconds = (document.daemon.nowMs - before.daemon.nowMs) / 1000;
  if (seconds <= 0 || before.daemon.startedMs !== document.daemon.startedMs) return undefined;
  const earlier = new Map(before.streams.map((stream) => [stream.id, stream.totals]));
  const of = (name) =>
    new Map(
      document.streams.map(({ id, totals }) => {
        const was = earlier.get(id);
        return [id, was ? perSecond(totals[name], was[name], seconds) : null];
      }),
    );
  return {
    received: perSecond(document.received, before.received, seconds),
    refused: perSecond(document.refused, before.refused, seconds),
    delivered: of('delivered'),
    dropped: of('dropped'),
  };
};

/** Keeps the rates of the last five minutes. */
export const createHistory = () => {
  const points = [];
  let last;
  let lastRates;
  return {
    points,
    /** Adds a document; returns the rates since the one before, or undefined. */
    add(document) {
      // Another question is answered with the same moment once more.
      if (last?.daemon.startedMs === document.daemon.startedMs && last.daemon.nowMs === document.daemon.nowMs)
        return lastRates;
      const gap = last && document.daemon.nowMs - last.daemon.nowMs > GAP_MS;
      const rates = last && !gap ? ratesBetween(last, document) : undefined;
      lastRates = rates;
      last = document;
      points.push({ seconds: document.daemon.nowMs / 1000, rates });
      if (points.length > MOST_POINTS) points.shift();
      return rates;
    },
  };
};
