const cpuPattern = /^(\d+(?:\.\d+)?)(m?)$/;
const bytesPattern = /^(\d+(?:\.\d+)?)(k|M|G|T|Ki|Mi|Gi|Ti)?$/;

const unitBytes: Record<string, number> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** Thousandths of a processor in a Kubernetes quantity such as `500m` or `1.5`; undefined where it is none. */
export function parseCpu(quantity: string): number | undefined {
  const match = cpuPattern.exec(quantity);
  return match ? Math.round(Number(match[1]) * (match[2] === 'm' ? 1 : 1_000)) : undefined;
}

/** Bytes in a Kubernetes quantity such as `512Mi`; undefined where it is none. */
export function parseBytes(quantity: string): number | undefined {
  const match = bytesPattern.exec(quantity);
  return match ? Math.floor(Number(match[1]) * (unitBytes[match[2] ?? ''] ?? 1)) : undefined;
}

/** As `parseCpu`, for a quantity that the spec's schema has checked. */
export function cpuMillis(quantity: string): number {
  return parseCpu(quantity) ?? notChecked(quantity);
}

/** As `parseBytes`, for a quantity that the spec's schema has checked. */
export function bytes(quantity: string): number {
  return parseBytes(quantity) ?? notChecked(quantity);
}

function notChecked(quantity: string): never {
  throw new Error(`${quantity} is no Kubernetes quantity`);
}
