/** The unit in which a part of a quantity is a whole number again, and how many of it are one of the quantity's own. */
const finerUnits: Record<string, { unit: string; count: number }> = {
  '': { unit: 'm', count: 1_000 },
  m: { unit: 'm', count: 1 },
  Mi: { unit: 'Ki', count: 1_024 },
  Gi: { unit: 'Mi', count: 1_024 },
};

/**
 * A share of a Kubernetes quantity such as `500m`, `2` or `1Gi`, rounded down to a whole number of a smaller unit: the API server would
 * rewrite a fraction.
 *
 * @throws Error where the quantity has another form
 */
export function shareOf(quantity: string, share: number): string {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)(m|Mi|Gi)?$/.exec(quantity) ?? [];
  const finer = finerUnits[unit];
  if (number === undefined || finer === undefined) throw new Error(`${quantity} is no quantity such as 500m, 2, 512Mi or 1Gi`);
  return `${Math.floor(Number(number) * finer.count * share)}${finer.unit}`;
}
