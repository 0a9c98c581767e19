/** What to write under `shadow.ignore` of a migration in strangler.yaml, so that a field is not compared any more. */
export function ignoringLine(field: string, reason: string): string {
  return `- { path: ${quoted(field)}, reason: ${quoted(reason.trim())} }`;
}

/** Only a JSONPath can be ignored: a status, a header or a whole body cannot. */
export function canBeIgnored(field: string): boolean {
  return field.startsWith('$');
}

/** In YAML, single quotes take everything as it is; one of them is written twice. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''").replaceAll(/\s+/g, ' ')}'`;
}
