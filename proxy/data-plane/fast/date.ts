let made = { second: 0, text: '' };

/** The time as HTTP has it; made once a second. */
export function dateText(): string {
  const second = Math.floor(Date.now() / 1000);
  if (made.second !== second) made = { second, text: new Date(second * 1000).toUTCString() };
  return made.text;
}
