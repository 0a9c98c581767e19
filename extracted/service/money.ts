/** "2.55" as 255: the contract's decimal string as a whole number of minor units. */
export const toMinor = (price: string): string => BigInt(price.replace('.', '')).toString();

/** Works on the text: minor units are a bigint, which a number cannot hold. */
export function toPrice(minor: string): string {
  const sign = minor.startsWith('-') ? '-' : '';
  const digits = minor.slice(sign.length).padStart(3, '0');
  return `${sign}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
