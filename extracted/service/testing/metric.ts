/** The value of a metric without labels of its own, as a service shows it now; NaN where it has none. */
export async function metricOf({ url }: { url: string }, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name}\\{.*\\} (.*)$`, 'm').exec(text)?.[1]);
}
