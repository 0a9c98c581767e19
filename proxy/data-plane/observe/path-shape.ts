const DEEPEST = 6;
const LONGEST_SEGMENT = 40;

/**
 * A path without what looks like a value: a segment with a digit, with anything but letters, `-`, `_` and `.`, or a
 * long one becomes `{…}`, and what lies deeper than six segments `…`. So neither a number of a customer nor a token
 * gets into a list, and the list stays short.
 */
export function shapeOf(path: string): string {
  const segments = path.split('/').slice(1);
  const shown = segments.slice(0, DEEPEST).map((segment) => (isValue(segment) ? '{…}' : segment));
  return `/${shown.join('/')}${segments.length > DEEPEST ? '/…' : ''}`;
}

function isValue(segment: string): boolean {
  if (/^(v\d{1,2}|[a-z]+\d)$/i.test(segment)) return false;
  return segment.length > LONGEST_SEGMENT || !/^[a-z._-]*$/i.test(segment);
}
