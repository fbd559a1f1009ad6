/** Names of metrics in text that holds PromQL. */
const NAME = /\b(?:kahets|nodejs|process)_[a-z0-9_]+\b/g;
/** What a histogram adds to its name. */
const PART_OF_HISTOGRAM = /_(?:bucket|sum|count)$/;

/** The metrics that a daemon has to serve for an expression to say something; of a histogram its own name. */
export const metricNamesIn = (text: string): readonly string[] =>
  [...new Set((text.match(NAME) ?? []).map((name) => name.replace(PART_OF_HISTOGRAM, '')))].sort();
